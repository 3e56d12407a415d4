package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"stanza.invalid/xmpp/jid"
)

// password returns the password of an account, from the environment or from who sits at the terminal. It is never an
// argument: those are for everybody to see.
func (c *cat) password(ctx context.Context, addr jid.JID, in *bufio.Reader) (string, error) {
	if p := c.env(passwordVariable); p != "" {
		return p, nil
	}
	if !c.inTerminal {
		return "", errors.New("the password is missing: set $" + passwordVariable)
	}
	echo := c.echo
	if echo == nil {
		echo = terminalEcho
	}
	if err := echo(false); err != nil {
		return "", fmt.Errorf("the password would be seen (%w): set $%s", err, passwordVariable)
	}
	defer func() {
		_ = echo(true)
		fmt.Fprintln(c.system.err)
	}()
	fmt.Fprintf(c.system.err, "Password of %s: ", addr.Bare())
	type answer struct {
		line string
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		line, err := in.ReadString('\n')
		read <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", errors.New("no password")
	case a := <-read:
		p := strings.TrimRight(a.line, "\r\n")
		if p == "" || a.err != nil && !errors.Is(a.err, io.EOF) {
			return "", errors.New("no password")
		}
		return p, nil
	}
}

// terminalEcho turns the echo of the terminal at standard input on or off.
func terminalEcho(on bool) error {
	arg := "-echo"
	if on {
		arg = "echo"
	}
	cmd := exec.Command("stty", arg)
	cmd.Stdin = os.Stdin
	return cmd.Run()
}
