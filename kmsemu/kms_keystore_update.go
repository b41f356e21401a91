package kmsemu

type updateKeyStoreInput struct {
	keyStoreIDInput
	NewCustomKeyStoreName string
	keyStoreInput
}

func (in *updateKeyStoreInput) check(k *checker) {
	in.keyStoreIDInput.check(k)
	k.checkOptional("newCustomKeyStoreName", in.NewCustomKeyStoreName, storeNameRule)
	in.keyStoreInput.check(k)
	if in.XksProxyConnectivity == "" {
		return
	}
	in.checkEndpointService(k, in.XksProxyConnectivity)
	if in.XksProxyURIEndpoint == "" {
		k.fail(validation, "If you change the XksProxyConnectivity, you must also change the XksProxyUriEndpoint.")
	}
}

func updateCustomKeyStore(c *call, in *updateKeyStoreInput) (*answered, error) {
	s, r, err := c.keyStore(in.CustomKeyStoreID)
	if err != nil {
		return nil, err
	}
	changes, err := in.changes(c, s)
	if err != nil {
		return nil, err
	}
	if err := r.checkStoreName(s, in.NewCustomKeyStoreName); err != nil {
		return nil, err
	}
	next := s.backing
	in.apply(&next, c.caller.account)
	if changes {
		if err := c.checkChanged(s, &next); err != nil {
			return nil, err
		}
	}
	s.backing = next
	if in.NewCustomKeyStoreName != "" {
		s.name = in.NewCustomKeyStoreName
	}
	c.tellOf(s)
	return &answered{}, nil
}

// changes reports whether the request changes what stands behind the store. It
// fails if the store has no such parameters, or not in its connection state
// (K0517).
func (in *updateKeyStoreInput) changes(c *call, s *keyStore) (bool, error) {
	live, changed := true, false
	for _, p := range in.parameters() {
		if !p.sent {
			continue
		}
		if p.kind != s.kind {
			return false, fail(validation, "%s", p.misplaced(s.kind))
		}
		live, changed = live && p.live, true
	}
	switch state := s.link.at(c.now); {
	case state == disconnected, state == connected && live:
		return changed, nil
	}
	return false, s.refuse(c)
}

func (c *call) checkChanged(s *keyStore, next *backing) error {
	if s.kind == originExternalKeyStore && next.connectivity == publicEndpoint && next.service+next.serviceOwner != "" {
		return fail(validation, "An endpoint service is not valid if XksProxyConnectivity is %s.", publicEndpoint)
	}
	if err := c.checkUnshared(s, next); err != nil {
		return err
	}
	return c.server.state.check(onUpdate, next.resources()[0])
}
