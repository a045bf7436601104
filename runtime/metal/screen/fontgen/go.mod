module github.com/llamaboot/llamaboot/runtime/metal/screen/fontgen

go 1.26.4

require (
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0
	golang.org/x/image v0.47.0
)
