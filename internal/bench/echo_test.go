package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"stanza.invalid/component"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// The roles in which the test binary runs itself: each in a process of its own, so that
// processor time and memory are those of one role alone.
const (
	roleVar  = "STANZA_BENCH_ROLE"
	addrVar  = "STANZA_BENCH_ADDR"
	rolePeer = "peer" // accepts components, blasts messages at each and reads the answers
	roleOurs = "ours"
	roleStd  = "std"
	roleIdle = "idle"
)

const (
	messages     = 200_000
	idleSessions = 1_000
	domain       = "echo.bench.example"
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleVar) {
	case "":
		os.Exit(m.Run())
	case rolePeer:
		err = runPeer()
	case roleOurs:
		err = runMeasured(echoOurs)
	case roleStd:
		err = runMeasured(echoStd)
	case roleIdle:
		err = runIdle()
	case roleClients:
		err = runClients()
	case roleTransport:
		err = runTransport()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// message returns the i-th message, of 300 bytes.
func message(b []byte, i int) []byte {
	start := len(b)
	b = fmt.Appendf(b, "<message from='romeo@montague.example/orchard' to='%s' type='chat' id='m%08d'><body>", domain, i)
	const end = "</body></message>"
	for len(b)-start < 300-len(end) {
		b = append(b, "Wherefore art thou? "[(len(b)-start)%20])
	}
	return append(b, end...)
}

// runPeer serves components until its standard input ends. One that says so in its stream
// header (to='idle...') gets no messages.
func runPeer() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	var blob []byte
	for i := range messages {
		blob = message(blob, i)
	}
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			if err := servePeer(c, blob); err != nil {
				fmt.Fprintln(os.Stderr, "peer:", err)
				c.Close()
			}
		}()
	}
}

func servePeer(c net.Conn, blob []byte) error {
	r := bufio.NewReaderSize(c, 256<<10)
	header := ""
	for !strings.Contains(header, "<stream:stream") {
		s, err := r.ReadString('>')
		if err != nil {
			return err
		}
		header += s
	}
	fmt.Fprintf(c, "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' from='%s' id='bench'>", domain)
	for range 2 {
		if _, err := r.ReadString('>'); err != nil {
			return err
		}
	}
	fmt.Fprint(c, "<handshake/>")
	if strings.Contains(header, "to='idle") {
		_, err := io.Copy(io.Discard, r)
		return err
	}
	go func() { _, _ = c.Write(blob) }()
	// every answer has the id of its message, in order
	buf, pending, next := make([]byte, 256<<10), []byte(nil), 0
	for next < messages {
		n, err := r.Read(buf)
		if err != nil {
			return fmt.Errorf("after %d answers: %w", next, err)
		}
		pending = append(pending, buf[:n]...)
		for {
			i := bytes.Index(pending, []byte(" id="))
			if i < 0 || i+14 > len(pending) {
				break
			}
			id, err := strconv.Atoi(string(pending[i+6 : i+14]))
			if err != nil || id != next {
				return fmt.Errorf("answer %d has the id %q", next, pending[i+5:i+14])
			}
			next++
			pending = pending[i+14:]
		}
		if i := bytes.LastIndexByte(pending, ' '); i > 0 {
			pending = append(pending[:0], pending[i:]...)
		}
	}
	fmt.Fprint(c, "</stream:stream>")
	_, _ = io.Copy(io.Discard, r)
	return nil
}

// result is what a measured process prints.
type result struct {
	Seconds float64 // from the first message to the last answer
	CPU     float64 // seconds of this process
	Peak    int     // KiB of memory
	PerIdle int     // bytes of heap and stack of an idle session
}

func runMeasured(echo func(addr string) error) error {
	start, cpu := time.Now(), cpuSeconds()
	if err := echo(os.Getenv(addrVar)); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result{
		Seconds: time.Since(start).Seconds(), CPU: cpuSeconds() - cpu, Peak: peakKiB(),
	})
}

// echoOurs is what a user writes.
func echoOurs(addr string) error {
	mux := xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
		reply := m.Reply(body)
		reply.ID = m.ID
		return xmpp.Send(ctx, reply)
	}))
	c, err := component.Dial(context.Background(), jid.MustParse(domain), component.Config{
		SessionConfig: xmpp.SessionConfig{Handler: mux},
		Addr:          addr, Secret: "bench", Backoff: stream.Backoff{Off: true},
	})
	if err != nil {
		return err
	}
	<-c.Done()
	return nil
}

// echoStd is the same by hand on encoding/xml, with buffered writes.
func echoStd(addr string) error {
	type message struct {
		XMLName xml.Name `xml:"jabber:component:accept message"`
		From    string   `xml:"from,attr"`
		To      string   `xml:"to,attr"`
		Type    string   `xml:"type,attr"`
		ID      string   `xml:"id,attr"`
		Body    string   `xml:"jabber:component:accept body"`
	}
	type reply struct {
		XMLName xml.Name `xml:"message"`
		From    string   `xml:"from,attr"`
		To      string   `xml:"to,attr"`
		Type    string   `xml:"type,attr"`
		ID      string   `xml:"id,attr"`
		Body    string   `xml:"body"`
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Fprintf(c, "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='%s'><handshake></handshake>", domain)
	in := bufio.NewReaderSize(c, 64<<10)
	out := bufio.NewWriterSize(c, 64<<10)
	d, e := xml.NewDecoder(in), xml.NewEncoder(out)
	for {
		t, err := d.Token()
		if err != nil {
			return err
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			if end, ok := t.(xml.EndElement); ok && end.Name.Local == "stream" {
				return nil
			}
			continue
		}
		if start.Name.Local != "message" {
			continue
		}
		var m message
		if err := d.DecodeElement(&m, &start); err != nil {
			return err
		}
		if err := e.Encode(reply{From: m.To, To: m.From, Type: m.Type, ID: m.ID, Body: m.Body}); err != nil {
			return err
		}
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

// runIdle opens many sessions and tells what one costs once nothing happens.
func runIdle() error {
	before := inUse()
	sessions := make([]*component.Component, idleSessions)
	for i := range sessions {
		c, err := component.Dial(context.Background(), jid.MustParse(fmt.Sprintf("idle%d.bench.example", i)), component.Config{
			Addr: os.Getenv(addrVar), Secret: "bench", Backoff: stream.Backoff{Off: true},
		})
		if err != nil {
			return err
		}
		sessions[i] = c
	}
	time.Sleep(300 * time.Millisecond)
	after := inUse()
	if name := os.Getenv(profileVar); name != "" {
		if err := writeProfile(name); err != nil {
			return err
		}
	}
	runtime.KeepAlive(sessions)
	return json.NewEncoder(os.Stdout).Encode(result{PerIdle: (after - before) / idleSessions, Peak: peakKiB()})
}

func inUse() int {
	for range 4 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

// startPeer runs the peer in a process of its own.
func startPeer(b *testing.B) (addr string) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+rolePeer)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func runRole(b *testing.B, role, addr string) result {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+role, addrVar+"="+addr)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(role, err)
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		b.Fatal(role, err, string(out))
	}
	return r
}

// BenchmarkEcho lets a peer blast messages at an echo component and reads the answers,
// beside the same component by hand on encoding/xml. Three rounds, in turn; the best
// of each counts.
func BenchmarkEcho(b *testing.B) {
	addr := startPeer(b)
	best := map[string]result{}
	for range 3 {
		for _, role := range []string{roleStd, roleOurs} {
			r := runRole(b, role, addr)
			if old, ok := best[role]; !ok || r.Seconds < old.Seconds {
				best[role] = r
			}
		}
	}
	for b.Loop() {
		// the work was done above, in other processes
	}
	b.ReportMetric(0, "ns/op")
	fmt.Printf("\n%-24s %12s %12s %12s\n", fmt.Sprintf("echo, %d x 300 B", messages), "messages/s", "CPU us/msg", "peak MiB")
	for _, role := range []string{roleStd, roleOurs} {
		r := best[role]
		fmt.Printf("%-24s %12.0f %12.2f %12.1f\n", role, messages/r.Seconds, r.CPU/messages*1e6, float64(r.Peak)/1024)
	}
	ratio := best[roleStd].Seconds / best[roleOurs].Seconds
	fmt.Printf("%-24s %11.1fx %11.1fx\n", "ratio", ratio, best[roleStd].CPU/best[roleOurs].CPU)
	b.ReportMetric(messages/best[roleOurs].Seconds, "messages/s")
	b.ReportMetric(best[roleOurs].CPU/messages*1e6, "CPU-us/message")
	b.ReportMetric(ratio, "x-encoding/xml")
}

// BenchmarkIdle tells what an idle session costs in heap and stack.
func BenchmarkIdle(b *testing.B) {
	r := runRole(b, roleIdle, startPeer(b))
	for b.Loop() {
		// measured in another process
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(r.PerIdle), "B/idle-session")
	fmt.Printf("\nidle session: %d bytes of heap and stack\n", r.PerIdle)
}
