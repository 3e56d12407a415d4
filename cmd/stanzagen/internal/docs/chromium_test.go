package docs

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// chromium is a browser without a window. It is driven by its DevTools protocol over two pipes: no port, no library.
type chromium struct {
	t   *testing.T
	in  *os.File
	out *bufio.Reader

	mu      sync.Mutex
	last    int
	waiting map[int]chan answer
	events  map[string]chan json.RawMessage
	ended   error
}

// answer is what the browser says to a command.
type answer struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

// startChromium starts the browser, or skips the test where there is none.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Go cannot hand pipes to programs on Windows")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("XMPP_REQUIRE_BROWSER") == "1" {
			t.Fatal("there is no Chromium, and XMPP_REQUIRE_BROWSER=1 asks for it")
		}
		t.Skip("there is no Chromium (Debian: apt-get install chromium); XMPP_REQUIRE_BROWSER=1 makes this a failure")
	}
	toBrowser, in, err := os.Pipe()
	require.NoError(t, err)
	out, fromBrowser, err := os.Pipe()
	require.NoError(t, err)
	profile := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path,
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--user-data-dir="+filepath.Join(profile, "profile"), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser}
	cmd.Env = append(os.Environ(), "HOME="+profile, "XDG_CONFIG_HOME="+profile, "XDG_CACHE_HOME="+profile)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.WaitDelay = 5 * time.Second
	require.NoError(t, cmd.Start())
	require.NoError(t, toBrowser.Close())
	require.NoError(t, fromBrowser.Close())
	c := &chromium{
		t: t, in: in, out: bufio.NewReaderSize(out, 1<<16), waiting: map[int]chan answer{}, events: map[string]chan json.RawMessage{},
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		c.read()
	}()
	t.Cleanup(func() {
		_, _ = c.send("", "Browser.close", nil) // it may have ended already
		exited := make(chan error, 1)
		go func() { exited <- cmd.Wait() }()
		select {
		case <-exited:
		case <-time.After(5 * time.Second):
			cancel()
			<-exited
		}
		cancel()
		_ = in.Close()
		_ = out.Close()
		<-read
		for line := range strings.Lines(stderr.String()) {
			if t.Failed() && !strings.Contains(line, "dbus") { // there is no desktop, and none is needed
				t.Logf("Chromium: %s", line)
			}
		}
	})
	return c
}

// read takes what the browser says: messages that end with a NUL.
func (c *chromium) read() {
	for {
		b, err := c.out.ReadBytes(0)
		if err != nil {
			c.mu.Lock()
			c.ended = err
			for _, ch := range c.waiting {
				close(ch)
			}
			c.waiting = nil
			c.mu.Unlock()
			return
		}
		var m struct {
			answer
			ID        int
			Method    string
			SessionID string
			Params    json.RawMessage
		}
		if json.Unmarshal(b[:len(b)-1], &m) != nil {
			continue
		}
		c.mu.Lock()
		if ch := c.waiting[m.ID]; m.ID != 0 && ch != nil {
			delete(c.waiting, m.ID)
			ch <- m.answer
		} else if ch := c.events[m.SessionID+" "+m.Method]; ch != nil {
			select {
			case ch <- m.Params:
			default: // nobody waits for so many
			}
		}
		c.mu.Unlock()
	}
}

// send sends a command and waits for the answer.
func (c *chromium) send(session, method string, params any) (json.RawMessage, error) {
	c.mu.Lock()
	if c.ended != nil {
		c.mu.Unlock()
		return nil, c.ended
	}
	c.last++
	id, ch := c.last, make(chan answer, 1)
	c.waiting[id] = ch
	c.mu.Unlock()
	message := map[string]any{"id": id, "method": method}
	if params != nil {
		message["params"] = params
	}
	if session != "" {
		message["sessionId"] = session
	}
	b, err := json.Marshal(message)
	if err != nil {
		return nil, err
	}
	if _, err := c.in.Write(append(b, 0)); err != nil {
		return nil, err
	}
	select {
	case a, open := <-ch:
		switch {
		case !open:
			return nil, errors.New("the browser has ended")
		case a.Error != nil:
			return nil, fmt.Errorf("%s: %s", method, a.Error.Message)
		}
		return a.Result, nil
	case <-time.After(20 * time.Second):
		return nil, fmt.Errorf("%s: no answer within 20 seconds", method)
	}
}

// listen returns a channel of events; those beyond its size are dropped.
func (c *chromium) listen(session, event string, size int) chan json.RawMessage {
	ch := make(chan json.RawMessage, size)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events[session+" "+event] = ch
	return ch
}

// tab is a page of the browser.
type tab struct {
	*chromium
	t       *testing.T
	session string
	loaded  chan json.RawMessage
}

// tab opens a page of its own.
func (c *chromium) tab(t *testing.T, width, height int) *tab {
	t.Helper()
	b, err := c.send("", "Target.createTarget", map[string]any{"url": "about:blank"})
	require.NoError(t, err)
	var target struct{ TargetID string }
	require.NoError(t, json.Unmarshal(b, &target))
	b, err = c.send("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	require.NoError(t, err)
	var attached struct{ SessionID string }
	require.NoError(t, json.Unmarshal(b, &attached))
	p := &tab{chromium: c, t: t, session: attached.SessionID, loaded: c.listen(attached.SessionID, "Page.loadEventFired", 1)}
	p.do("Page.enable", nil)
	p.do("Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true})
	p.size(width, height, false)
	return p
}

// do sends a command that must work.
func (p *tab) do(method string, params any) json.RawMessage {
	p.t.Helper()
	b, err := p.send(p.session, method, params)
	require.NoError(p.t, err)
	return b
}

// trouble returns what the page's scripts threw, and what the browser complained about, such as breaches of the page's
// policy; and what was loaded from elsewhere than the disk. It has to be asked for before.
func (p *tab) trouble() func() []string {
	p.t.Helper()
	thrown, logged := p.listen(p.session, "Runtime.exceptionThrown", 64), p.listen(p.session, "Log.entryAdded", 64)
	requests := p.listen(p.session, "Network.requestWillBeSent", 4096)
	for _, domain := range []string{"Runtime", "Log", "Network"} {
		p.do(domain+".enable", nil)
	}
	return func() []string {
		var list []string
		for {
			select {
			case e := <-thrown:
				list = append(list, string(e))
			case e := <-logged:
				list = append(list, string(e))
			case e := <-requests:
				var r struct{ Request struct{ URL string } }
				if json.Unmarshal(e, &r) != nil || !strings.HasPrefix(r.Request.URL, "file://") {
					list = append(list, string(e))
				}
			default:
				return list
			}
		}
	}
}

// size sets the size of the window; a phone has touch and a denser screen.
func (p *tab) size(width, height int, phone bool) {
	p.t.Helper()
	p.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone})
	p.do("Emulation.setTouchEmulationEnabled", map[string]any{"enabled": phone})
}

// scheme sets the system's preference: light or dark.
func (p *tab) scheme(scheme string) {
	p.t.Helper()
	p.do("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}})
}

// open loads a page and waits until it is there.
func (p *tab) open(url string) {
	p.t.Helper()
	p.do("Page.navigate", map[string]any{"url": url})
	p.wait()
}

// wait waits for a page to be loaded.
func (p *tab) wait() {
	p.t.Helper()
	select {
	case <-p.loaded:
	case <-time.After(20 * time.Second):
		p.t.Fatal("the page was not loaded within 20 seconds")
	}
}

// eval runs a script and decodes its value into v, unless that is nil.
func (p *tab) eval(script string, v any) {
	p.t.Helper()
	b := p.do("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true, "awaitPromise": true, "userGesture": true})
	var result struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	require.NoError(p.t, json.Unmarshal(b, &result))
	require.Empty(p.t, string(result.ExceptionDetails), script)
	if v != nil {
		require.NoError(p.t, json.Unmarshal(result.Result.Value, v), script)
	}
}

// text is the value of a script that makes a string.
func (p *tab) text(script string) string {
	p.t.Helper()
	var s string
	p.eval(script, &s)
	return s
}

// truth is the value of a script that makes a bool.
func (p *tab) truth(script string) bool {
	p.t.Helper()
	var b bool
	p.eval(script, &b)
	return b
}

// press presses a key that makes no text, such as ArrowDown.
func (p *tab) press(key string) {
	p.t.Helper()
	codes := map[string]int{"Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40, "Tab": 9}
	params := map[string]any{"type": "rawKeyDown", "key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
	if key == "Enter" {
		params["type"], params["text"] = "keyDown", "\r"
	}
	p.do("Input.dispatchKeyEvent", params)
	params = map[string]any{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
	p.do("Input.dispatchKeyEvent", params)
}

// write types a text, key by key.
func (p *tab) write(text string) {
	p.t.Helper()
	for _, r := range text {
		p.do("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "text": string(r), "key": string(r)})
		p.do("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": string(r)})
	}
}

// click clicks the first element of a selector, as a mouse does.
func (p *tab) click(selector string) {
	p.t.Helper()
	var at []float64
	p.eval(fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		e.scrollIntoView({block: "center", behavior: "instant"});
		const r = e.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2];
	})()`, selector), &at)
	for _, event := range []string{"mousePressed", "mouseReleased"} {
		p.do("Input.dispatchMouseEvent", map[string]any{"type": event, "x": at[0], "y": at[1], "button": "left", "clickCount": 1})
	}
}

// until waits until a script's value is true.
func (p *tab) until(script string) {
	p.t.Helper()
	for range 100 {
		if p.truth(script) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Fatalf("never true: %s", script)
}

// screenshot writes what the page looks like to a file of the folder that XMPP_SCREENSHOTS names, if it does.
func (p *tab) screenshot(name string) {
	p.t.Helper()
	dir := os.Getenv("XMPP_SCREENSHOTS")
	if dir == "" {
		return
	}
	var shot struct{ Data []byte }
	require.NoError(p.t, json.Unmarshal(p.do("Page.captureScreenshot", map[string]any{"format": "png"}), &shot))
	require.NoError(p.t, os.WriteFile(filepath.Join(dir, name+".png"), shot.Data, 0o644))
}
