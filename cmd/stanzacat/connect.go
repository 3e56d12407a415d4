package main

import (
	"context"
	"errors"
)

func (c *cat) session(ctx context.Context) error { return errors.New("-connect: not yet") }
