package session

import (
	"context"
	"sync"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
)

// Parts are the parts of one proposal as they come. One goroutine adds, others may hand them over meanwhile. The zero
// value is ready.
type Parts struct {
	// MaxBytes is the limit of the payloads together, such as that of the height; 0 for none.
	MaxBytes uint64

	news  ecp.Broadcast
	mu    sync.Mutex
	order check.Order
	all   []*pb.Part
}

// Add takes the next part; false if it is not the next one of a proposal, or goes over the limit.
func (p *Parts) Add(part *pb.Part) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	over := p.MaxBytes > 0 && p.order.Counts().GetBytes()+uint64(len(part.GetPayload())) > p.MaxBytes
	if over || p.order.Part(part) != nil {
		return false
	}
	p.all = append(p.all, part)
	p.news.Wake()
	return true
}

// All gives the parts so far.
func (p *Parts) All() []*pb.Part {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

// Whole reports whether FIN has come.
func (p *Parts) Whole() bool {
	all := p.All()
	return len(all) > 0 && all[len(all)-1].Kind == pb.PartKind_PART_KIND_FIN
}

// Judge validates a proposal while its parts come: it forwards each as it comes (ECP-VAL-020), sends End behind FIN, and
// waits for the verdict; after BUSY it does so again. Each attempt has a name of its own.
func (s *Session) Judge(ctx context.Context, open *pb.ValidateOpen, parts *Parts) (verdict *pb.Verdict, err error) {
	err = s.Persist(ctx, func() (err error) {
		open.StreamId = StreamID()
		verdict, err = s.judge(ctx, open, parts)
		return err
	})
	return verdict, err
}

func (s *Session) judge(ctx context.Context, open *pb.ValidateOpen, parts *Parts) (*pb.Verdict, error) {
	ctx, cancel := context.WithCancel(ctx)
	v, err := s.Validate(ctx, open)
	if err != nil {
		cancel()
		return nil, err
	}
	sent := make(chan struct{})
	defer func() {
		cancel()
		<-sent
		v.Close()
	}()
	go func() {
		defer close(sent)
		parts.forward(ctx, v)
	}()
	return v.Verdict()
}

// forward sends the parts and End, until ctx ends; of an error of the stream the verdict's wait tells.
func (p *Parts) forward(ctx context.Context, v *Validation) {
	for i := 0; ; {
		news := p.news.Wait()
		all := p.All()
		for ; i < len(all); i++ {
			if v.Part(all[i]) != nil {
				return
			}
		}
		if i > 0 && all[i-1].Kind == pb.PartKind_PART_KIND_FIN {
			_ = v.End(check.Counts(all))
			return
		}
		select {
		case <-news:
		case <-ctx.Done():
			return
		}
	}
}
