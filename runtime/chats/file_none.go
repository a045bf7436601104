//go:build wasip1 || tamago

package chats

import "errors"

// openBolt refuses: bbolt maps its file into memory, which these systems cannot.
func openBolt(path string) (table, error) {
	return nil, errors.New("chats cannot be kept in a file on this system")
}
