package stream

import (
	"context"
	"sync"
	"time"
)

// tasks are the scheduled tasks of a stream.
type tasks struct {
	mu    sync.Mutex
	named map[string]*Task // guarded by mu
	live  map[*Task]bool   // guarded by mu
	ended bool             // guarded by mu
}

// Task is something that was scheduled.
type Task struct {
	s     *Stream
	site  string
	name  string
	every time.Duration
	run   func(ctx context.Context)

	mu    sync.Mutex
	timer *time.Timer // guarded by mu
	gone  bool        // guarded by mu
}

// After runs f on the dispatcher once d has passed. On a stream that has ended it never
// runs.
func (s *Stream) After(d time.Duration, f func(ctx context.Context)) *Task {
	return s.schedule("", d, 0, f)
}

// Every runs f on the dispatcher again and again; d passes before the first run, and
// between the end of one and the next. It panics if d is not positive.
func (s *Stream) Every(d time.Duration, f func(ctx context.Context)) *Task {
	return s.schedule("", d, positive(d), f)
}

// Schedule is After, or Every if repeat is set, with a name: a task of the same name that
// was scheduled before is cancelled, and [Stream.Cancel] knows it. An empty name is none.
func (s *Stream) Schedule(name string, d time.Duration, repeat bool, f func(ctx context.Context)) *Task {
	every := time.Duration(0)
	if repeat {
		every = positive(d)
	}
	return s.schedule(name, d, every, f)
}

func positive(d time.Duration) time.Duration {
	if d <= 0 {
		panic("stream: a repeated task needs a positive interval")
	}
	return d
}

// Cancel cancels the task of a name and reports whether there was one.
func (s *Stream) Cancel(name string) bool {
	s.tasks.mu.Lock()
	t := s.tasks.named[name]
	s.tasks.mu.Unlock()
	return t != nil && t.Cancel()
}

func (s *Stream) schedule(name string, d, every time.Duration, f func(context.Context)) *Task {
	t := &Task{s: s, site: Site(2), name: name, every: every, run: f}
	ts := &s.tasks
	ts.mu.Lock()
	if ts.ended {
		ts.mu.Unlock()
		t.gone = true
		return t
	}
	var old *Task
	if ts.live == nil {
		ts.live, ts.named = map[*Task]bool{}, map[string]*Task{}
	}
	ts.live[t] = true
	if name != "" {
		old, ts.named[name] = ts.named[name], t
	}
	ts.mu.Unlock()
	if old != nil {
		old.Cancel()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.gone {
		t.timer = time.AfterFunc(d, t.fire)
	}
	return t
}

// fire queues a run.
func (t *Task) fire() {
	err := t.s.queue.push(item{kind: itemTask, v: task{site: &t.site, run: func(ctx context.Context) {
		t.mu.Lock()
		gone := t.gone
		t.mu.Unlock()
		if gone {
			return
		}
		if t.every == 0 {
			t.Cancel()
		} else {
			defer t.again()
		}
		t.run(ctx)
	}}})
	switch err {
	case nil:
	case ErrQueueFull:
		// the queue is past its hard limit: try again rather than lose the task
		t.mu.Lock()
		if !t.gone {
			t.timer.Reset(max(t.every, time.Second))
		}
		t.mu.Unlock()
	default:
		t.Cancel()
	}
}

func (t *Task) again() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.gone {
		t.timer.Reset(t.every)
	}
}

// Cancel keeps the task from running again and reports whether it still would have.
func (t *Task) Cancel() bool {
	t.mu.Lock()
	was := !t.gone
	t.gone = true
	if t.timer != nil {
		t.timer.Stop()
	}
	t.mu.Unlock()
	ts := &t.s.tasks
	ts.mu.Lock()
	delete(ts.live, t)
	if ts.named[t.name] == t {
		delete(ts.named, t.name)
	}
	ts.mu.Unlock()
	return was
}

// close ends all tasks, and those to come.
func (ts *tasks) close() {
	ts.mu.Lock()
	ts.ended = true
	all := make([]*Task, 0, len(ts.live))
	for t := range ts.live {
		all = append(all, t)
	}
	ts.mu.Unlock()
	for _, t := range all {
		t.Cancel()
	}
}
