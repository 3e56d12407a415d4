package wire

// Kept returns the whole child that was kept for a field, because it has more than
// the field can hold, or the zero Raw. Before [Extra.RespellChild], which compares
// texts, it tells whether what else the field holds is still as received.
func (x *Extra) Kept(slot Slot) Raw {
	if x != nil {
		if s := x.find(slot); s != nil {
			return s.el
		}
	}
	return Raw{}
}
