package smb

// What things are taken to cost, beside the names and bytes they hold.
const (
	fileCost    = 512
	requestCost = 256
)

// Held implements proto.Holder.
func (p *parser) Held() int {
	n := len(p.pending) * requestCost
	for _, f := range p.files {
		n += fileCost + len(f.name) + f.rpc.Held() + f.content[0].Held() + f.content[1].Held()
	}
	return n
}
