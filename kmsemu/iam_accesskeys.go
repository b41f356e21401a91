package kmsemu

import (
	"slices"
	"strconv"
	"time"
)

// accessKey is a long-term access key of a user.
type accessKey struct {
	id, secret string
	active     bool
	user       *user
	created    time.Time
}

const maxAccessKeys = 2

var (
	accessKeyRule   = textRule{min: 16, max: 128, pattern: wordPattern}
	accessKeyStatus = textRule{min: 1, enum: []string{statusActive, statusInactive}}
	statusOfKey     = map[bool]string{true: statusActive, false: statusInactive}
)

const (
	statusActive   = "Active"
	statusInactive = "Inactive"
)

// accessKeyXML is the AccessKey and the AccessKeyMetadata of the IAM API; only
// the former has the secret.
type accessKeyXML struct {
	UserName        string
	AccessKeyID     string `xml:"AccessKeyId"`
	Status          string
	SecretAccessKey string `xml:",omitempty"`
	CreateDate      timestamp
}

func (k *accessKey) xml() accessKeyXML {
	return accessKeyXML{UserName: k.user.name, AccessKeyID: k.id, Status: statusOfKey[k.active], CreateDate: timestamp{k.created}}
}

type accessKeyResult struct{ AccessKey accessKeyXML }

// createAccessKey shows the secret this once (K0405).
func createAccessKey(c *call, f *form) (*accessKeyResult, error) {
	u, err := c.openSelf(f)
	if err != nil {
		return nil, err
	}
	if len(u.keys) >= maxAccessKeys {
		return nil, fail(limitExceeded, "Cannot exceed quota for AccessKeysPerUser: %d", maxAccessKeys)
	}
	k := &accessKey{active: true, user: u, created: c.now}
	if k.id, err = newID(c.random, "AKIA", 16); err != nil {
		return nil, err
	}
	if k.secret, err = newSecret(c.random, 30); err != nil {
		return nil, err
	}
	u.keys = append(u.keys, k)
	c.server.state.accessKeys[k.id] = k
	out := &accessKeyResult{k.xml()}
	out.AccessKey.SecretAccessKey = k.secret
	return out, nil
}

type accessKeysResult struct {
	AccessKeyMetadata []accessKeyXML `xml:"AccessKeyMetadata>member"`
	iamPageOutput
}

func listAccessKeys(c *call, f *form) (*accessKeysResult, error) {
	page := f.paging()
	u, err := c.openSelf(f)
	if err != nil {
		return nil, err
	}
	out := &accessKeysResult{}
	// Two keys at most: a marker holds how far the reader came.
	place := func(k *accessKey) string { return strconv.Itoa(slices.Index(u.keys, k)) }
	out.AccessKeyMetadata, out.iamPageOutput, err = paged(c, pagedInput[*accessKey, accessKeyXML]{page, u.keys, place, (*accessKey).xml})
	return out, err
}

// openAccessKey authorises the operation on the user and finds its key.
func (c *call) openAccessKey(f *form) (*user, int, error) {
	id := f.text("AccessKeyId", accessKeyRule)
	u, err := c.openSelf(f)
	if err != nil {
		return nil, 0, err
	}
	for i, k := range u.keys {
		if k.id == id {
			return u, i, nil
		}
	}
	return nil, 0, fail(noSuchEntity, "The Access Key with id %s cannot be found.", id)
}

func updateAccessKey(c *call, f *form) (*empty, error) {
	status := f.text("Status", accessKeyStatus)
	u, i, err := c.openAccessKey(f)
	if err != nil {
		return nil, err
	}
	u.keys[i].active = status == statusActive
	return done()
}

func deleteAccessKey(c *call, f *form) (*empty, error) {
	u, i, err := c.openAccessKey(f)
	if err != nil {
		return nil, err
	}
	delete(c.server.state.accessKeys, u.keys[i].id)
	u.keys = append(u.keys[:i:i], u.keys[i+1:]...)
	return done()
}
