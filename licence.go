// Package llamaboot holds the text of the project's licence, which every llamafile carries.
package llamaboot

import _ "embed"

// Licence is the Apache License 2.0.
//
//go:embed LICENSE
var Licence string
