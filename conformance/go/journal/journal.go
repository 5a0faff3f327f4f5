// Package journal is a log of records that are durable before they count: one JSON value a line, each synced.
package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Journal is an open log.
type Journal[R any] struct {
	path string
	file *os.File
}

// Open reads the log of a folder, which is made if it is missing. What follows the last line end was never synced and is
// dropped with the first Rewrite, which must come before the first Append.
func Open[R any](folder string) (*Journal[R], []*R, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, nil, err
	}
	j := &Journal[R]{path: filepath.Join(folder, "log.jsonl")}
	data, err := os.ReadFile(j.path)
	if err != nil && !os.IsNotExist(err) {
		return nil, nil, err
	}
	var records []*R
	for line := range bytes.Lines(data[:bytes.LastIndexByte(data, '\n')+1]) {
		r := new(R)
		if err := json.Unmarshal(line, r); err != nil {
			return nil, nil, fmt.Errorf("%s is damaged: %w", j.path, err)
		}
		records = append(records, r)
	}
	return j, records, nil
}

// Append makes a record durable.
func (j *Journal[R]) Append(r *R) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return err
	}
	return j.file.Sync()
}

// Rewrite replaces the log by these records, all or nothing.
func (j *Journal[R]) Rewrite(records []*R) error {
	fresh, err := os.OpenFile(j.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(fresh)
	for _, r := range records {
		if err := encoder.Encode(r); err != nil {
			return err
		}
	}
	if err := fresh.Sync(); err != nil {
		return err
	}
	if err := os.Rename(j.path+".new", j.path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(j.path))
	if err != nil {
		return err
	}
	defer folder.Close()
	if j.file != nil {
		j.file.Close()
	}
	j.file = fresh
	return folder.Sync()
}
