package kmsemu

import (
	"context"
	"net"
	"sync"
	"time"
)

// lanes are the connections of a server that net/http does not have: it gets them
// one by one, when they stop being plain. See [lane].
type lanes struct {
	server *Server
	limits limits
	passed passedListener

	mu     sync.Mutex
	open   map[*lane]struct{}
	closed bool
	group  sync.WaitGroup
}

func newLanes(server *Server, l limits, at net.Addr) *lanes {
	return &lanes{
		server: server, limits: l, open: map[*lane]struct{}{},
		passed: passedListener{address: at, conns: make(chan net.Conn), done: make(chan struct{})},
	}
}

// laneListener is a listener that makes a lane of each connection, and so returns
// none.
type laneListener struct {
	net.Listener
	lanes *lanes
}

// Accept returns with the first error, which net/http knows how to take.
func (l *laneListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.lanes.enter(newLane(conn, l.lanes))
	}
}

func (ls *lanes) enter(l *lane) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.closed {
		_ = l.Close() // nobody waits for it any more
		return
	}
	ls.open[l] = struct{}{}
	ls.group.Go(l.run)
}

func (ls *lanes) leave(l *lane) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	delete(ls.open, l)
}

func (ls *lanes) closing() bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.closed
}

// pass gives a connection to net/http.
func (ls *lanes) pass(conn net.Conn) {
	select {
	case ls.passed.conns <- conn:
	case <-ls.passed.done:
		_ = conn.Close()
	}
}

// shutdown closes the lanes where no request is being answered, then waits for the
// others, and cuts those that are not done when the context ends.
func (ls *lanes) shutdown(ctx context.Context) {
	ls.mu.Lock()
	ls.closed = true
	for l := range ls.open {
		_ = l.SetReadDeadline(time.Unix(1, 0)) // whoever reads stops
	}
	ls.mu.Unlock()
	done := make(chan struct{})
	go func() {
		ls.group.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		ls.mu.Lock()
		defer ls.mu.Unlock()
		for l := range ls.open {
			_ = l.Close()
		}
	}
}

// passedListener is where net/http gets connections from that are plain no more.
type passedListener struct {
	address net.Addr
	conns   chan net.Conn
	once    sync.Once
	done    chan struct{}
}

// Accept waits for a connection.
func (p *passedListener) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (p *passedListener) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// Addr is where the connections were made to.
func (p *passedListener) Addr() net.Addr { return p.address }
