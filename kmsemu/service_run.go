package kmsemu

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// flowRun is a flow under way.
type flowRun struct {
	server  *Server
	use     ServiceUse
	profile *serviceProfile
	flow    serviceFlow
	account string
	context map[string]string
	result  ServiceResult
}

func (s *Server) newFlowRun(use ServiceUse) (*flowRun, error) {
	service, name, _ := strings.Cut(use.Flow, ":")
	run := &flowRun{server: s, use: use, profile: serviceProfiles[service], context: map[string]string{}}
	if run.profile != nil {
		run.flow = run.profile.flows[name]
	}
	if run.flow.steps == nil {
		return nil, fmt.Errorf("flow %q is not known: use one of %s", use.Flow, strings.Join(ServiceFlows(), ", "))
	}
	if !regionPattern.MatchString(use.Region) {
		return nil, fmt.Errorf("%q is not a Region", use.Region)
	}
	run.account = firstAccount(use.SourceARN, use.Resource, use.Caller, use.KeyID)
	if use.KeyID == "" && run.needsKey() {
		if run.account == "" {
			return nil, fmt.Errorf("flow %q needs to know the account: name the caller or the key", use.Flow)
		}
		var err error
		if run.use.KeyID, err = s.defaultKey(run.profile, run.account, use.Region); err != nil {
			return nil, fmt.Errorf("flow %q: %w", use.Flow, err)
		}
	}
	for key, value := range run.flow.context {
		text, err := run.expand(value)
		if err != nil {
			return nil, err
		}
		run.context[key] = text
	}
	return run, nil
}

// needsKey reports whether a step of the flow names the key: all but Decrypt do.
func (run *flowRun) needsKey() bool {
	return slices.ContainsFunc(run.flow.steps, func(step serviceStep) bool { return step.operation != "Decrypt" })
}

// firstAccount is the account of the first ARN, or access key of a root user,
// that tells one.
func firstAccount(names ...string) string {
	for _, name := range names {
		if account, ok := rootAccount(name); ok {
			return account
		}
		if parts := strings.SplitN(name, ":", 6); len(parts) == 6 && isAccount(parts[4]) {
			return parts[4]
		}
	}
	return ""
}

// expand fills in the {names} of a profile's text.
func (run *flowRun) expand(text string) (string, error) {
	values := map[string]string{
		"region": run.use.Region, "partition": partition(run.use.Region), "account": run.account, "resource": run.use.Resource,
		"id":     run.use.Resource[strings.LastIndexAny(run.use.Resource, ":/")+1:],
		"source": run.source(), "grantee": run.use.Grantee, "version": run.use.VersionID,
	}
	for name, value := range values {
		if value == "" && strings.Contains(text, "{"+name+"}") {
			return "", fmt.Errorf("flow %s needs to know the %s", run.use.Flow, name)
		}
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text, nil
}

func (run *flowRun) source() string {
	if run.use.SourceARN != "" {
		return run.use.SourceARN
	}
	return run.use.Resource
}

// step makes one call and keeps its answer.
func (run *flowRun) step(ctx context.Context, step serviceStep) error {
	input, err := run.input(step.operation)
	if err != nil {
		return err
	}
	c, err := run.newCall(step, input)
	if err != nil {
		return err
	}
	result, err := run.server.perform(ctx, c)
	if err != nil {
		return err
	}
	answer := struct {
		KeyID          string `json:"KeyId"`
		GrantID        string `json:"GrantId"`
		Plaintext      []byte
		CiphertextBlob []byte
	}{run.result.KeyARN, run.result.GrantID, run.result.Plaintext, run.result.Ciphertext}
	if err := json.Unmarshal(result, &answer); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", step.operation, err)
	}
	run.result = ServiceResult{KeyARN: answer.KeyID, GrantID: answer.GrantID, Plaintext: answer.Plaintext, Ciphertext: answer.CiphertextBlob}
	return nil
}

// volumeKeyBytes is the length of the data keys of encrypted volumes: two keys of
// 256 bits for XTS. Source: KMS Developer Guide, "Amazon EC2 example one".
const volumeKeyBytes = 64

// input is the input of an operation in this flow.
func (run *flowRun) input(operation string) (map[string]any, error) {
	switch operation {
	case "GenerateDataKey":
		return run.with(map[string]any{"KeyId": run.use.KeyID, "KeySpec": "AES_256"}), nil
	case "GenerateDataKeyWithoutPlaintext":
		return run.with(map[string]any{"KeyId": run.use.KeyID, "NumberOfBytes": volumeKeyBytes}), nil
	case "Encrypt":
		return run.with(map[string]any{"KeyId": run.use.KeyID, "Plaintext": run.result.Plaintext}), nil
	case "Decrypt":
		return run.with(map[string]any{"CiphertextBlob": run.result.Ciphertext}), nil
	case "CreateGrant":
		return run.grantInput()
	case "RetireGrant":
		return map[string]any{"KeyId": run.use.KeyID, "GrantId": run.result.GrantID}, nil
	}
	return map[string]any{"KeyId": run.use.KeyID}, nil
}

// with adds the encryption context to an input.
func (run *flowRun) with(input map[string]any) map[string]any {
	input["EncryptionContext"] = run.context
	return input
}

func (run *flowRun) grantInput() (map[string]any, error) {
	plan := run.flow.grant
	grantee, err := run.expand(plan.grantee)
	if err != nil {
		return nil, err
	}
	retirer, err := run.expand(plan.retirer)
	if err != nil {
		return nil, err
	}
	constraint := "EncryptionContextSubset"
	if plan.exact {
		constraint = "EncryptionContextEquals"
	}
	in := map[string]any{
		"KeyId": run.use.KeyID, "GranteePrincipal": grantee, "Operations": plan.operations,
		"Constraints": map[string]any{constraint: run.context},
	}
	if retirer != "" {
		in["RetiringPrincipal"] = retirer
	}
	return in, nil
}

// newCall is a call of the flow, made with the rights its step has.
func (run *flowRun) newCall(step serviceStep, input map[string]any) (*call, error) {
	body, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("writing the input of %s: %w", step.operation, err)
	}
	c := &call{
		server: run.server, now: run.server.Now(), protocol: jsonProtocol{}, service: serviceKMS, region: run.use.Region,
		name: step.operation, op: kmsOperations[step.operation], body: body,
		via: &serviceCall{profile: run.profile, sourceARN: run.source(), sourceAccount: run.account},
	}
	c.caller, c.via.mode, err = run.actor(step.by)
	return c, err
}

// actor is whose rights a step has, and how the service uses them.
func (run *flowRun) actor(by actor) (identity, serviceMode, error) {
	switch by {
	case byCaller:
		caller, err := run.server.identityNamed(run.use.Caller, run.use.Region)
		return caller, forwarded, err
	case byService:
		return serviceIdentity(run.profile.principalIn(run.use.Region), run.account), asPrincipal, nil
	}
	grantee := run.profile.grantee
	if run.flow.grant != nil {
		grantee = run.flow.grant.grantee
	}
	name, err := run.expand(grantee)
	switch {
	case err != nil:
		return identity{}, 0, err
	case isServicePrincipal(name):
		return serviceIdentity(name, run.account), asPrincipal, nil
	case isServiceRole(name):
		return serviceRoleIdentity(name), asRole, nil
	}
	caller, err := run.server.identityNamed(name, run.use.Region)
	return caller, forwarded, err
}

func (p *serviceProfile) principalIn(region string) string {
	return strings.ReplaceAll(p.principal, "{region}", region)
}

// identityNamed is the principal of an ARN or an access key.
func (s *Server) identityNamed(name, region string) (identity, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if live := s.state.sessions[name]; live != nil {
		return live.identity(), nil
	}
	if k := s.state.accessKeys[name]; k != nil {
		return userIdentity(k.user, k.id), nil
	}
	if account, ok := rootAccount(name); ok {
		return rootIdentity(account, name, region), nil
	}
	if root := accountRoot(partition(region), firstAccount(name)); root == name {
		return rootIdentity(firstAccount(name), "", region), nil
	}
	if a := s.state.accounts[firstAccount(name)]; a != nil {
		if u := a.users[name[strings.LastIndexByte(name, '/')+1:]]; u != nil && u.arn == name {
			return userIdentity(u, ""), nil
		}
	}
	r, sessionName := s.state.roleByARN(name), defaultSession
	if r == nil {
		r, sessionName = s.state.roleOfSession(name)
	}
	if r == nil {
		return identity{}, fmt.Errorf("caller %q does not exist: name an account's root user, a user, a role, a session or an access key", name)
	}
	arn := "arn:" + partition(region) + ":sts::" + r.account + ":assumed-role/" + r.name + "/" + sessionName
	live := &session{role: r, account: r.account, name: sessionName, arn: arn}
	return live.identity(), nil
}

func userIdentity(u *user, accessKey string) identity {
	return identity{account: u.account, accessKey: accessKey, principal: u.principal(), user: u}
}

// defaultSession is the session of a role that a flow names by the role alone.
const defaultSession = "session"

// perform runs a call that did not come over the wire, and returns its result as
// JSON.
func (s *Server) perform(ctx context.Context, c *call) ([]byte, error) {
	id, err := newUUID(s.random.Load().stream("request"))
	if err != nil {
		return nil, err
	}
	c.begin(ctx, origin{}, id)
	out := s.execute(c)
	if out.connection != DropBefore {
		s.finish(c, out.result, out.err)
	}
	switch {
	case out.connection != "":
		return nil, fmt.Errorf("calling %s: the connection broke", c.name)
	case out.err != nil:
		return nil, &ServiceError{c.name, c.protocol.name(out.err.code), out.err.message}
	}
	return json.Marshal(out.result)
}
