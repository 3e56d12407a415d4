package xmpp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stanza.invalid/gen/bind2"
	"stanza.invalid/gen/carbons"
	"stanza.invalid/gen/csi"
	"stanza.invalid/gen/fast"
	"stanza.invalid/gen/pipelining"
	"stanza.invalid/gen/sasl"
	"stanza.invalid/gen/sasl2"
	"stanza.invalid/gen/saslupgrade"
	"stanza.invalid/gen/sm"
	"stanza.invalid/internal/mechanism"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// attempt is one login by SASL 2 (XEP-0388), with what is asked for along with it.
type attempt struct {
	m        mechanism.Mechanism
	offer    *offered
	user     string // whose password or token it is
	password string // for upgrades
	token    bool   // it is by a token
	secret   string // the token
	proved   bool   // the mechanism has done its part
	request  *sasl2.Authenticate
	wants    string // the mechanism of the token that is asked for
	resume   bool
	bind     bool
	carbons  bool
	csi      bool // the session begins inactive
	upgrades []string
}

// ErrTask is a login that the server lets nobody finish who does not do something else
// first: give a second factor, or change the password.
var ErrTask = errors.New("xmpp: the server wants something else first")

// extensible logs in by SASL 2. It goes on where the stream header was sent with a login
// behind it.
func (c *Client) extensible(ctx context.Context, conn *stream.Conn, o *offered) (stream.Outcome, error) {
	token := false // one was refused
	if c.login.ready != nil {
		a, s, done, err := c.landed(ctx, conn, o)
		if done || err != nil {
			return c.goOn(ctx, conn, a, s, err)
		}
		token = a.token
	}
	if a := c.tokenAttempt(ctx, conn, o); a != nil {
		s, err := c.attempt(ctx, conn, a, true)
		var e *AuthError
		if err == nil || !errors.As(err, &e) {
			return c.goOn(ctx, conn, a, s, err)
		}
		c.refuseToken(ctx, a, e)
		if e.Condition == "" {
			return 0, err // the server takes it for a success
		}
		token = true
	}
	a, err := c.passwordAttempt(ctx, conn, o)
	if err != nil {
		return 0, err
	}
	s, err := c.attempt(ctx, conn, a, true)
	if token && errors.Is(err, InvalidMechanism) {
		// it has offered that: there are servers that take nothing else after a token
		return 0, stream.AtOnce(err)
	}
	return c.goOn(ctx, conn, a, s, err)
}

// goOn takes the outcome of a login.
func (c *Client) goOn(ctx context.Context, conn *stream.Conn, a *attempt, s *sasl2.Success, err error) (stream.Outcome, error) {
	if err != nil {
		return 0, err
	}
	return c.success(ctx, conn, a, s)
}

// tokenAttempt returns a login with the token that is kept, nil if that is not possible.
func (c *Client) tokenAttempt(ctx context.Context, conn *stream.Conn, o *offered) *attempt {
	k := c.load(ctx)
	if k.Token == nil || c.cfg.Anonymous || !time.Now().Before(k.Token.Expiry) || !slices.Contains(o.Tokens, k.Token.Mechanism) {
		return nil
	}
	m, err := mechanism.Token(k.Token.Mechanism, k.Token.User, k.Token.Secret, c.offer(conn, o, true), c.policy())
	if err != nil {
		return nil
	}
	k.Token.Count++
	c.save(ctx)
	a := &attempt{m: m, offer: o, user: k.Token.User, token: true, secret: k.Token.Secret}
	c.build(ctx, conn, a)
	a.ask(&fast.Fast{Count: &k.Token.Count, Invalidate: c.forgetting})
	return a
}

// refuseToken is for a token that the server does not take. One that somebody else has put
// in its place meanwhile stays.
func (c *Client) refuseToken(ctx context.Context, a *attempt, e *AuthError) {
	if e.Condition == TemporaryAuthFailure {
		return
	}
	c.reload(ctx)
	if k := &c.login.kept; k.Token != nil && k.Token.Secret == a.secret {
		k.Token = nil
		c.save(ctx)
	}
}

// passwordAttempt returns a login without a token.
func (c *Client) passwordAttempt(ctx context.Context, conn *stream.Conn, o *offered) (*attempt, error) {
	cr, err := c.credentials(ctx, conn)
	if err != nil {
		return nil, err
	}
	m, err := mechanism.Choose(c.offer(conn, o, true), cr, c.policy())
	if err != nil {
		return nil, c.refused(&AuthError{Err: err})
	}
	a := &attempt{m: m, offer: o, user: cr.Username, password: cr.Password}
	c.build(ctx, conn, a)
	if c.cfg.Store != nil && !c.cfg.Anonymous && cr.Authzid == "" && !c.forgetting {
		p := c.policy()
		p.Bound = p.Bound || mechanism.IsPlus(m.Name()) // as this login is
		if a.wants = mechanism.ChooseToken(o.Tokens, c.offer(conn, o, true), p); a.wants != "" {
			a.ask(&fast.RequestToken{Mechanism: a.wants})
		}
	}
	if strings.HasPrefix(m.Name(), "SCRAM-") {
		for _, task := range o.Upgrades {
			if name, ok := strings.CutPrefix(task, "UPGR-"); ok && mechanism.CanUpgrade(name, cr.Password) {
				a.upgrades = append(a.upgrades, task)
				a.ask(&saslupgrade.Upgrade{Task: task})
			}
		}
	}
	return a, nil
}

// build makes the request, with all that the session is to begin with.
func (c *Client) build(ctx context.Context, conn *stream.Conn, a *attempt) {
	a.request = &sasl2.Authenticate{Mechanism: a.m.Name()}
	if agent := (sasl2.UserAgent{ID: c.agent(ctx), Software: c.cfg.UserAgent.Software, Device: c.cfg.UserAgent.Device}); agent.ID+agent.Software+agent.Device != "" {
		a.request.UserAgent = &agent
	}
	if a.offer.Version != nil {
		a.ask(&pipelining.ConfigVersion{Scheme: pipelining.Scheme(a.offer.Version.Scheme), Value: a.offer.Version.Value})
	}
	resume := conn.ResumeRequest()
	if resume != nil {
		if !a.offer.Resume {
			return // to be asked for later, and before a resource is
		}
		a.resume = true
		a.ask(resume)
	}
	if !a.offer.Bind || c.cfg.Resource != "" {
		return // only RFC 6120 has a way to ask for a certain resource
	}
	a.bind = true
	b := &bind2.Bind{Tag: c.cfg.Tag}
	if a.offer.Enable && conn.Managed() {
		b.Requests = append(b.Requests, asRaw(conn.EnableRequest()))
	}
	if a.offer.Carbons && c.cfg.Carbons {
		a.carbons = true
		b.Requests = append(b.Requests, asRaw(&carbons.Enable{}))
	}
	c.mine.Lock()
	a.csi = a.offer.CSI && c.inactive
	c.mine.Unlock()
	if a.csi {
		b.Requests = append(b.Requests, asRaw(&csi.Inactive{}))
	}
	a.ask(b)
}

// ask adds a request.
func (a *attempt) ask(p stanza.Payload) { a.request.Requests = append(a.request.Requests, asRaw(p)) }

// asRaw returns an element of our own making as open content.
func asRaw(p stanza.Payload) stanza.Raw {
	b, err := p.AppendXML(nil, "")
	if err != nil {
		return stanza.Raw{}
	}
	r, _ := wire.Parse(string(b))
	return r
}

// start sends the request, or leaves that to who sends the stream header.
func (c *Client) start(a *attempt) error {
	initial, err := a.m.Start()
	if err != nil {
		return c.refused(&AuthError{Mechanism: a.m.Name(), Err: err})
	}
	a.request.InitialResponse = initial
	return nil
}

// attempt is one login, from the request if that was not sent yet to what the server says
// at the end. An [*AuthError] leaves the stream good for another.
func (c *Client) attempt(ctx context.Context, conn *stream.Conn, a *attempt, send bool) (s *sasl2.Success, err error) {
	if send {
		c.trace().authStart(a.m.Name())
	}
	defer func() { c.trace().authDone(a.m.Name(), err) }()
	if send {
		if err := c.start(a); err != nil {
			return nil, err
		}
		if err := conn.Write(a.request); err != nil {
			return nil, err
		}
	}
	for round := 0; ; round++ {
		read := conn.Read
		if a.resume && (round > 0 || a.brief()) { // the server has got all that it needs
			read = func() (wire.Raw, error) { return conn.ReadResumption(ctx) }
		}
		r, err := read()
		if err != nil {
			return nil, err
		}
		c.login.kept.Flying = false
		switch {
		case r.Is(sasl2.NS, "challenge") && round == maxRounds+len(a.upgrades):
			err = c.giveUp(conn, a, mechanism.ErrChallenge)
		case r.Is(sasl2.NS, "challenge"):
			err = c.challenged(ctx, conn, a, r)
		case r.Is(sasl2.NS, "continue"):
			err = c.tasks(ctx, conn, a, r)
		case r.Is(sasl2.NS, "success"):
			return c.succeeded(a, r)
		case r.Is(sasl2.NS, "failure"):
			return nil, c.refused(c.readFailure2(a.m, r))
		default:
			return nil, fmt.Errorf("%s in the middle of authentication", r.Name())
		}
		if err != nil {
			return nil, err
		}
	}
}

// giveUp ends a login that this side has found something wrong with.
func (c *Client) giveUp(conn *stream.Conn, a *attempt, err error) error {
	_ = conn.Write(&sasl2.Abort{})
	return c.refused(&AuthError{Mechanism: a.m.Name(), Err: err})
}

func (c *Client) challenged(ctx context.Context, conn *stream.Conn, a *attempt, r wire.Raw) error {
	q, err := stanza.Decode[sasl2.Challenge](r)
	if err != nil {
		return c.giveUp(conn, a, err)
	}
	if a.proved {
		return c.giveUp(conn, a, mechanism.ErrChallenge)
	}
	answer, err := a.m.Next(ctx, q.Data)
	if err != nil {
		return c.giveUp(conn, a, err)
	}
	return conn.Write(&sasl2.Response{Data: answer})
}

// proof judges the server's last word in the mechanism.
func (c *Client) proof(a *attempt, data stanza.Bytes) error {
	if a.proved {
		return nil
	}
	if err := a.m.Finish(data, data != nil); err != nil {
		return c.refused(&AuthError{Mechanism: a.m.Name(), Err: err})
	}
	a.proved = true
	return nil
}

func (c *Client) succeeded(a *attempt, r wire.Raw) (*sasl2.Success, error) {
	s, err := stanza.Decode[sasl2.Success](r)
	if err != nil {
		return nil, err
	}
	if err := c.proof(a, s.AdditionalData); err != nil {
		return nil, err
	}
	return s, nil
}

// tasks does what the server wants before it lets the client in: give it the salted
// password for another mechanism (XEP-0480), if the client has asked to be asked for it.
// The server has proved by then that it knows the password.
func (c *Client) tasks(ctx context.Context, conn *stream.Conn, a *attempt, r wire.Raw) error {
	more, err := stanza.Decode[sasl2.Continue](r)
	if err != nil {
		return err
	}
	if err := c.proof(a, more.AdditionalData); err != nil {
		return err
	}
	for _, task := range more.Tasks.Tasks {
		if i := slices.Index(a.upgrades, task); i >= 0 {
			a.upgrades = slices.Delete(a.upgrades, i, i+1) // each once
			return c.upgrade(ctx, conn, a, task)
		}
	}
	_ = conn.Write(&sasl2.Abort{})
	return stream.Permanent(&AuthError{Mechanism: a.m.Name(), Text: more.Text.In(c.cfg.Lang), Err: fmt.Errorf("%w: %.200q", ErrTask, more.Tasks.Tasks)})
}

func (c *Client) upgrade(ctx context.Context, conn *stream.Conn, a *attempt, task string) error {
	if err := conn.Write(&sasl2.Next{Task: task}); err != nil {
		return err
	}
	r, err := conn.Read()
	if err != nil {
		return err
	}
	if r.Is(sasl2.NS, "failure") {
		return c.refused(c.readFailure2(a.m, r))
	}
	salt, err := stanza.Decode[saslupgrade.Salt](r.Child(saslupgrade.NSSCRAM, "salt"))
	if err != nil {
		return c.giveUp(conn, a, err)
	}
	salted, err := mechanism.SaltedPassword(ctx, strings.TrimPrefix(task, "UPGR-"), a.password, salt.Data, int(salt.Iterations), c.policy())
	if err != nil {
		return c.giveUp(conn, a, err)
	}
	return conn.Write(&sasl2.TaskData{Data: []stanza.Raw{asRaw(&saslupgrade.Hash{Data: salted})}})
}

// readFailure2 reads a failure of SASL 2. Some servers put the condition into the wrong
// namespace.
func (c *Client) readFailure2(m mechanism.Mechanism, r wire.Raw) *AuthError {
	e := &AuthError{Mechanism: m.Name(), Condition: NotAuthorized, Err: explained(m)}
	f, err := stanza.Decode[sasl2.Failure](r)
	if err != nil {
		e.Err = err
		return e
	}
	cond := f.Condition
	for _, d := range f.Details {
		if cond == "" && d.In(sasl2.NS) {
			cond = sasl.Condition(d.Local())
		}
		if d.Is(pipelining.NS, "config-version-mismatch") {
			e.Err = errMismatch
		}
	}
	if cond.Known() {
		e.Condition = AuthCondition(cond)
	}
	e.Text = f.Text.In(c.cfg.Lang)
	return e
}

// errMismatch is a server that has other features than the client remembers (XEP-0509).
var errMismatch = errors.New("the server's features have changed")

// success takes what the server has made of the requests.
func (c *Client) success(ctx context.Context, conn *stream.Conn, a *attempt, s *sasl2.Success) (stream.Outcome, error) {
	c.loggedIn(a.m)
	c.login.inside = conn
	c.takeToken(ctx, a, s)
	if r := find(s, sm.NS, "resumed"); a.resume && !r.IsZero() {
		answer, err := stanza.Decode[sm.Resumed](r)
		if err != nil {
			return 0, err
		}
		if err := c.takeResumed(conn, answer); err != nil {
			return 0, err
		}
		return stream.Done, nil
	}
	if err := conn.ReadFeatures(); err != nil {
		return 0, err
	}
	if r := find(s, sm.NS, "failed"); a.resume && !r.IsZero() {
		answer, err := stanza.Decode[sm.Failed](r)
		if err != nil {
			return 0, err
		}
		conn.ResumeFailed(answer)
	}
	bound := find(s, bind2.NS, "bound")
	if !a.bind || bound.IsZero() {
		return stream.Continue, nil // resuming and binding are still to come
	}
	return stream.Done, c.takeBound(conn, a, s, bound)
}

// takeBound begins the session that came with the login.
func (c *Client) takeBound(conn *stream.Conn, a *attempt, s *sasl2.Success, r wire.Raw) error {
	b, err := stanza.Decode[bind2.Bound](r)
	if err != nil {
		return err
	}
	if s.AuthorizationIdentifier.Resource() == "" {
		return errors.New("the server has bound nothing")
	}
	if err := c.setAddress(conn, s.AuthorizationIdentifier); err != nil {
		return err
	}
	c.noteFeatures(conn)
	c.mine.Lock()
	c.server.ClientState = c.server.ClientState || a.offer.CSI
	c.carbons, c.saidInactive = a.carbons, a.csi
	c.mine.Unlock()
	for _, r := range b.Results {
		switch {
		case r.Is(sm.NS, "enabled"):
			e, err := stanza.Decode[sm.Enabled](r)
			if err != nil {
				return err
			}
			conn.Enabled(e)
			return nil
		case r.Is(sm.NS, "failed"):
			return nil
		}
	}
	if offersManagement(conn.Features()) {
		conn.Enable()
	}
	return nil
}

// find returns one of the server's answers.
func find(s *sasl2.Success, space, local string) wire.Raw {
	for _, r := range s.Results {
		if r.Is(space, local) {
			return r
		}
	}
	return wire.Raw{}
}

// takeToken keeps the token that the server gives, and what it has offered.
func (c *Client) takeToken(ctx context.Context, a *attempt, s *sasl2.Success) {
	k := c.load(ctx)
	k.Offer = a.offer
	if c.forgetting {
		k.Token = nil
	} else if t, err := stanza.Decode[fast.Token](find(s, fast.NS, "token")); err == nil && c.cfg.Store != nil {
		name := a.wants
		if a.token {
			name = a.m.Name() // it takes the place of the one that was used
		}
		if name != "" && t.Secret != "" {
			k.Token = &keptToken{User: a.user, Mechanism: name, Secret: strings.Clone(t.Secret), Expiry: t.Expiry.Time}
		}
	}
	c.save(ctx)
}
