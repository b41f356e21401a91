package keypolicy

import (
	"slices"
	"strings"
)

// callerShapes are what the policies ask about callers, as shapes of one text
// each: the ARN of a user, account root or federated user, a session's role's
// ARN, or the name of a service.
type callerShapes struct {
	*space
	partitions []string
	shapes     []shape
	sessions   []string // ARNs of sessions
	patterns   []shape  // patterns of them
	ids        []string
}

// callers are principals that stand for all that can call KMS: a web identity
// cannot before it has assumed a role.
func (s *space) callers() []Principal {
	c := &callerShapes{space: s, partitions: []string{s.partition()}}
	c.account(s.scope.Account)
	for side := range s.lines {
		for _, l := range s.lines[side] {
			for _, entry := range slices.Concat(l.Principal, l.NotPrincipal) {
				c.entry(entry.Type, entry.Value)
			}
		}
	}
	for i := range s.clauses {
		c.clause(&s.clauses[i])
	}
	for i := range s.asked {
		c.pattern(&s.asked[i])
	}
	c.shapes, c.sessions = unique(c.shapes), distinct(c.sessions)
	callers := []Principal{}
	for _, partition := range c.partitions {
		callers = slices.Concat(callers, c.inAccounts(partition))
	}
	callers = append(append(callers, c.services()...), Principal{})
	if most := maxNamings / (1 + len(s.lines[0]) + len(s.lines[1])); len(callers) > most {
		s.gap("the policies tell too many callers apart: %d", len(callers))
		callers = callers[:most]
	}
	return callers
}

// maxNamings bounds how often it is asked whether a statement is about a caller.
const maxNamings = 1_000_000

// account has the callers of an account told apart from others.
func (c *callerShapes) account(account string) {
	c.shapes = append(c.shapes, slices.Concat(ofAccount(literal(account)), many(anything)))
}

// ofAccount is the beginning of the ARNs of an account, given its shape.
func ofAccount(account shape) shape {
	return slices.Concat(literal("arn:"), many(noColon), literal(":"), many(noColon), literal("::"), account, literal(":"))
}

// entry has the callers that a principal entry names told apart.
func (c *callerShapes) entry(principalType, value string) {
	a := splitARN(value)
	switch {
	case value == "*" || strings.Contains(value, markOpen):
	case isAccount(value):
		c.account(value)
	case principalType == "AWS" && a == arnParts{}:
		c.ids = append(c.ids, value)
	default:
		c.shapes = append(c.shapes, literal(value))
	}
	if a == (arnParts{}) || strings.Contains(value, markOpen) {
		return
	}
	if !slices.Contains(c.partitions, a.partition) {
		c.partitions = append(c.partitions, a.partition)
	}
	if a.resource == "root" && isAccount(a.account) {
		c.account(a.account)
	}
	if name, ok := roleOfSession(a); ok {
		c.sessions = append(c.sessions, value)
		c.named("role/", literal(name))
	}
}

// roleOfSession is the name of the role in a session's ARN.
func roleOfSession(a arnParts) (role string, ok bool) {
	rest, ok := strings.CutPrefix(a.resource, "assumed-role/")
	role, _, slash := strings.Cut(rest, "/")
	return role, ok && slash && a.service == "sts"
}

// clause has the callers that a condition on them tells apart.
func (c *callerShapes) clause(cl *clause) {
	if cl.condition == nil || cl.condition.null || callerTexts[cl.key()] == nil {
		return
	}
	if familyOf(cl.operator) != onText {
		cl.doubt = cl.operator + " does not compare text, which " + cl.name + " is"
		return
	}
	add := callerTexts[cl.key()]
	for i := range cl.condition.patterns {
		if text, ok := cl.condition.patterns[i].constant(); ok {
			add(c, cl.operator, text)
		}
	}
}

// callerTexts are the condition keys whose values are made of a caller's ARN or
// service name, and how to tell callers apart by a pattern of their values.
var callerTexts = map[string]func(c *callerShapes, operator, pattern string){
	"aws:principalarn":         (*callerShapes).wholeText,
	"aws:principalservicename": (*callerShapes).wholeText,
	"aws:principalaccount":     (*callerShapes).accountText,
	"kms:calleraccount":        (*callerShapes).accountText,
	"aws:userid":               (*callerShapes).accountText, // that of an account root
	"aws:username":             (*callerShapes).userText,
}

func (c *callerShapes) wholeText(operator, pattern string) {
	if s, ok := shapeOf(operator, pattern); ok {
		c.shapes = append(c.shapes, s)
	}
}

func (c *callerShapes) accountText(operator, pattern string) {
	if s, ok := within(operator, pattern, noColon); ok {
		c.shapes = append(c.shapes, slices.Concat(ofAccount(s), many(anything)))
	}
}

func (c *callerShapes) userText(operator, pattern string) {
	if s, ok := within(operator, pattern, noSlash); ok {
		c.named("user/", s)
	}
}

// named has users or roles told apart by name, whatever their path and account.
func (c *callerShapes) named(kind string, name shape) {
	start := slices.Concat(ofAccount(many(noColon)), literal(kind))
	c.shapes = append(c.shapes, slices.Concat(start, name), slices.Concat(start, many(anything), literal("/"), name))
}

// within is the shape of a pattern for a part of a text that has no colon, or
// no slash either.
func within(operator, pattern string, wildcard class) (shape, bool) {
	s, ok := shapeOf(operator, pattern)
	for i := range s {
		if s[i].class == anything || s[i].class == noColon {
			s[i].class = wildcard
		}
	}
	return s, ok
}

// inAccounts are the callers of accounts, in one partition.
func (c *callerShapes) inAccounts(partition string) []Principal {
	account := slices.Concat(slices.Repeat(shape{{class: digit}}, 12), literal(":"))
	name := slices.Concat(many(anything), shape{{class: noSlash}})
	iam, sts := literal("arn:"+partition+":iam::"), literal("arn:"+partition+":sts::")
	var callers []Principal
	for _, arn := range c.find(slices.Concat(iam, account, literal("user/"), name)) {
		callers = append(callers, Principal{ARN: arn})
	}
	for _, arn := range c.find(slices.Concat(iam, account, literal("role/"), name)) {
		callers = append(callers, c.sessionsOf(arn)...)
	}
	for _, base := range []shape{slices.Concat(iam, account, literal("root")), slices.Concat(sts, account, literal("federated-user/"), name)} {
		for _, arn := range c.find(base) {
			callers = append(callers, Principal{ARN: arn})
		}
	}
	return append(callers, c.withIDs(callers)...)
}

func (c *callerShapes) find(base shape) []string {
	texts, complete := cells(base, c.shapes, &c.textLeft)
	if !complete {
		c.gap("the policies have too many patterns of callers")
	}
	return texts
}

// sessionsOf are sessions of a role that stand for all of them.
func (c *callerShapes) sessionsOf(role string) []Principal {
	a := splitARN(role)
	name := a.resource[strings.LastIndexByte(a.resource, '/')+1:]
	prefix := "arn:" + a.partition + ":sts::" + a.account + ":assumed-role/" + name + "/"
	arns, complete := []string{prefix + "x"}, true
	shapes := c.patterns
	for _, arn := range c.sessions {
		if strings.HasPrefix(arn, prefix) {
			shapes = append(shapes[:len(shapes):len(shapes)], literal(arn))
		}
	}
	if len(shapes) > 0 {
		arns, complete = cells(append(literal(prefix), some(noSlash)...), shapes, &c.textLeft)
	}
	if !complete {
		c.gap("the policies have too many patterns of sessions")
	}
	var sessions []Principal
	for _, arn := range arns {
		sessions = append(sessions, Principal{ARN: arn, RoleARN: role})
	}
	return sessions
}

// withIDs gives callers the unique ids that the policies name: AROA… is that of
// a role, AIDA… that of a user.
func (c *callerShapes) withIDs(callers []Principal) []Principal {
	var named []Principal
	slices.Sort(c.ids)
	for _, id := range slices.Compact(c.ids) {
		for _, p := range callers {
			kind := p.kind()
			if kind == session && !strings.HasPrefix(id, "AIDA") || kind == user && !strings.HasPrefix(id, "AROA") {
				p.UniqueID = id
				named = append(named, p)
			}
		}
	}
	return named
}

// services are service principals that stand for all. Their names have neither
// colons nor slashes.
func (c *callerShapes) services() []Principal {
	var services []Principal
	for _, suffix := range []string{".amazonaws.com", ".amazonaws.com.cn"} {
		names, complete := cells(slices.Concat(some(noSlash), literal(suffix)), c.shapes, &c.textLeft)
		if !complete {
			c.gap("the policies have too many patterns of services")
		}
		for _, name := range names {
			services = append(services, Principal{ARN: name})
		}
	}
	return services
}
