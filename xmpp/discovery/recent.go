package discovery

import "container/list"

// recent is a map that keeps so many entries, those that were used last.
type recent[K comparable, V any] struct {
	max   int
	items map[K]*list.Element
	order list.List // of pair[K, V], the last used first
}

type pair[K comparable, V any] struct {
	key   K
	value V
}

func (r *recent[K, V]) get(k K) (v V, ok bool) {
	e, ok := r.items[k]
	if !ok {
		return v, false
	}
	r.order.MoveToFront(e)
	return e.Value.(pair[K, V]).value, true
}

func (r *recent[K, V]) put(k K, v V) {
	r.remove(k)
	if r.items == nil {
		r.items = map[K]*list.Element{}
	}
	r.items[k] = r.order.PushFront(pair[K, V]{k, v})
	if len(r.items) > r.max {
		r.remove(r.order.Back().Value.(pair[K, V]).key)
	}
}

func (r *recent[K, V]) remove(k K) {
	if e, ok := r.items[k]; ok {
		r.order.Remove(e)
		delete(r.items, k)
	}
}

func (r *recent[K, V]) clear() {
	r.items = nil
	r.order.Init()
}
