package http

// exchangeCost is about what a request and its reply take until they are
// written.
const exchangeCost = 1 << 10

// Held implements proto.Holder.
func (p *parser) Held() int {
	n := len(p.pending)*exchangeCost + p.tunnel.Held()
	for i := range p.half {
		n += p.half[i].held()
	}
	return n
}

func (h *half) held() int {
	n := cap(h.tail) + h.last.Held() + h.rest.Held() + h.body.entity.file.Held()
	if h.body.sample != nil {
		n += headLen + 1<<10
	}
	if h.body.zip != nil {
		n += len(h.body.zip.buf) + len(h.body.zip.kept)
	}
	return n
}
