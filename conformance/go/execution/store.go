package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	bolt "go.etcd.io/bbolt"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"
)

var (
	bucketMeta, bucketBlocks     = []byte("meta"), []byte("blocks")
	bucketHashes, bucketEvidence = []byte("hashes"), []byte("evidence")
)

// store is what is durable: blocks with certificates, hashes, and evidence that stops the half. Every write is synced
// before it returns [ECP-DEC-001].
type store struct{ db *bolt.DB }

func openStore(folder string, genesis []byte) (*store, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	db, err := bolt.Open(filepath.Join(folder, "blocks.db"), 0o600, &bolt.Options{Timeout: 5 * time.Second})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketMeta, bucketBlocks, bucketHashes, bucketEvidence} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		meta, key := tx.Bucket(bucketMeta), []byte("genesis")
		if old := meta.Get(key); old != nil && !bytes.Equal(old, genesis) {
			return fmt.Errorf("%s belongs to another genesis file: give --data another folder", folder)
		}
		return meta.Put(key, genesis)
	})
	return &store{db}, err
}

func (s *store) put(bucket, key, value []byte) error {
	return s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucket).Put(key, value) })
}

// decided is a block as GetDecided serves it.
type decided struct {
	header *pb.DecidedHeader
	parts  []*pb.Part
}

func (s *store) add(d decided) error {
	var data bytes.Buffer
	if _, err := protodelim.MarshalTo(&data, d.header); err != nil {
		return err
	}
	for _, part := range d.parts {
		if _, err := protodelim.MarshalTo(&data, part); err != nil {
			return err
		}
	}
	return s.put(bucketBlocks, be64(d.header.GetHeight()), data.Bytes())
}

// block reads a block; each read is a transaction of its own, so that a slow reader holds nothing.
func (s *store) block(height uint64) (d decided, err error) {
	var data []byte
	_ = s.db.View(func(tx *bolt.Tx) error {
		data = bytes.Clone(tx.Bucket(bucketBlocks).Get(be64(height)))
		return nil
	})
	if data == nil {
		return d, fmt.Errorf("height %d is not in the store", height)
	}
	reader, d := bytes.NewReader(data), decided{header: &pb.DecidedHeader{}}
	options := protodelim.UnmarshalOptions{MaxSize: -1}
	err = options.UnmarshalFrom(reader, d.header)
	for err == nil && reader.Len() > 0 {
		part := &pb.Part{}
		err = options.UnmarshalFrom(reader, part)
		d.parts = append(d.parts, part)
	}
	return d, err
}

// last gives the highest key of a bucket of heights.
func (s *store) last(bucket []byte) (height uint64, some bool) {
	_ = s.db.View(func(tx *bolt.Tx) error {
		if key, _ := tx.Bucket(bucket).Cursor().Last(); key != nil {
			height, some = binary.BigEndian.Uint64(key), true
		}
		return nil
	})
	return height, some
}

func (s *store) addHash(height uint64, block, root hash) error {
	return s.put(bucketHashes, be64(height), append(block[:], root[:]...))
}

// hash gives block hash and state root of a height, if they are known.
func (s *store) hash(height uint64) (block, root hash, known bool) {
	_ = s.db.View(func(tx *bolt.Tx) error {
		if value := tx.Bucket(bucketHashes).Get(be64(height)); len(value) == 64 {
			block, root, known = hash(value), hash(value[32:]), true
		}
		return nil
	})
	return block, root, known
}

// addEvidence keeps what stops the half, named after the reason.
func (s *store) addEvidence(reason string, height uint64, evidence ...proto.Message) error {
	var data bytes.Buffer
	for _, message := range evidence {
		if _, err := protodelim.MarshalTo(&data, message); err != nil {
			return err
		}
	}
	return s.put(bucketEvidence, append([]byte(reason+"/"), be64(height)...), data.Bytes())
}

// evidence reports whether any is kept whose reason begins so.
func (s *store) evidence(reason string) (kept bool) {
	_ = s.db.View(func(tx *bolt.Tx) error {
		key, _ := tx.Bucket(bucketEvidence).Cursor().Seek([]byte(reason))
		kept = bytes.HasPrefix(key, []byte(reason))
		return nil
	})
	return kept
}

var errNotSupported = errors.New("only the workload test_chain is executed here")
