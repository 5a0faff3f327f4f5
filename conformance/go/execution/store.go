package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/testchain"
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
		meta, name := tx.Bucket(bucketMeta), []byte("genesis")
		if old := meta.Get(name); old != nil && !bytes.Equal(old, genesis) {
			return fmt.Errorf("%s belongs to another genesis file: give --data another folder", folder)
		}
		return meta.Put(name, genesis)
	})
	return &store{db}, err
}

// key is a height as a key, so that keys sort as heights do.
func key(height uint64) []byte { return binary.BigEndian.AppendUint64(nil, height) }

func (s *store) put(bucket, at, value []byte) error {
	return s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucket).Put(at, value) })
}

func (s *store) add(header *pb.DecidedHeader, parts []*pb.Part) error {
	messages := []proto.Message{header}
	for _, part := range parts {
		messages = append(messages, part)
	}
	data, err := joined(messages)
	if err != nil {
		return err
	}
	return s.put(bucketBlocks, key(header.GetHeight()), data)
}

func joined(messages []proto.Message) ([]byte, error) {
	var data bytes.Buffer
	for _, message := range messages {
		if _, err := protodelim.MarshalTo(&data, message); err != nil {
			return nil, err
		}
	}
	return data.Bytes(), nil
}

// block reads a block in a transaction of its own, so that a slow reader holds nothing.
func (s *store) block(height uint64) (*pb.DecidedHeader, []*pb.Part, error) {
	var data []byte
	_ = s.db.View(func(tx *bolt.Tx) error {
		data = bytes.Clone(tx.Bucket(bucketBlocks).Get(key(height)))
		return nil
	})
	if data == nil {
		return nil, nil, fmt.Errorf("height %d is not in the store", height)
	}
	reader, header, parts := bytes.NewReader(data), &pb.DecidedHeader{}, []*pb.Part(nil)
	options := protodelim.UnmarshalOptions{MaxSize: -1}
	err := options.UnmarshalFrom(reader, header)
	for err == nil && reader.Len() > 0 {
		part := &pb.Part{}
		err = options.UnmarshalFrom(reader, part)
		parts = append(parts, part)
	}
	return header, parts, err
}

// last gives the highest key of a bucket of heights.
func (s *store) last(bucket []byte) (height uint64, some bool) {
	_ = s.db.View(func(tx *bolt.Tx) error {
		if at, _ := tx.Bucket(bucket).Cursor().Last(); at != nil {
			height, some = binary.BigEndian.Uint64(at), true
		}
		return nil
	})
	return height, some
}

func (s *store) addHash(height uint64, block, root testchain.Hash) error {
	return s.put(bucketHashes, key(height), append(block[:], root[:]...))
}

// hash gives block hash and state root of a height, if they are known.
func (s *store) hash(height uint64) (block, root testchain.Hash, known bool) {
	_ = s.db.View(func(tx *bolt.Tx) error {
		if value := tx.Bucket(bucketHashes).Get(key(height)); len(value) == 64 {
			block, root, known = testchain.Hash(value), testchain.Hash(value[32:]), true
		}
		return nil
	})
	return block, root, known
}

// addEvidence keeps what stops the half, named after the reason.
func (s *store) addEvidence(reason ecp.Reason, height uint64, evidence ...proto.Message) error {
	data, err := joined(evidence)
	if err != nil {
		return err
	}
	return s.put(bucketEvidence, append([]byte(reason+"/"), key(height)...), data)
}

// evidence reports whether any is kept for a reason.
func (s *store) evidence(reason ecp.Reason) (kept bool) {
	_ = s.db.View(func(tx *bolt.Tx) error {
		at, _ := tx.Bucket(bucketEvidence).Cursor().Seek([]byte(reason))
		kept = bytes.HasPrefix(at, []byte(reason))
		return nil
	})
	return kept
}
