package qemu

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"time"
)

// screenshotPeriod is how often the screen is recorded: QEMU ends the moment the guest gives its verdict, so the
// picture kept is the last one before.
const screenshotPeriod = 500 * time.Millisecond

// maxScreen bounds the side of a screen QEMU reports.
const maxScreen = 16384

// recordScreen keeps path up to date with the guest's screen until ctx ends. now asks for one picture at once.
func recordScreen(ctx context.Context, c *control, dir, path string, now <-chan struct{}, log func(string, ...any)) {
	raw := filepath.Join(dir, "screen.ppm")
	ticker := time.NewTicker(screenshotPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-now:
		}
		if err := c.execute(ctx, "screendump", map[string]any{"filename": raw}); err != nil {
			continue // no picture yet, or the guest has just ended
		}
		if err := convertScreen(raw, path); err != nil {
			log("screenshot: %v", err)
			return
		}
	}
}

// convertScreen writes QEMU's picture as PNG.
func convertScreen(raw, path string) error {
	b, err := os.ReadFile(raw)
	if err != nil {
		return err
	}
	img, err := decodePPM(b)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return err
	}
	if err := os.WriteFile(path+".tmp", out.Bytes(), 0o666); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// decodePPM reads the raw form of the portable pixmap format, P6 with 8 bits a sample, as QEMU writes it.
func decodePPM(b []byte) (image.Image, error) {
	var width, height, depth int
	if _, err := fmt.Sscanf(string(b[:min(len(b), 64)]), "P6\n%d %d\n%d\n", &width, &height, &depth); err != nil {
		return nil, fmt.Errorf("screen dump of %d bytes is no P6 pixmap: %w", len(b), err)
	}
	if width < 1 || height < 1 || width > maxScreen || height > maxScreen || depth != 255 {
		return nil, fmt.Errorf("screen dump of %d x %d pixels, depth %d: want at most %d and 255", width, height, depth, maxScreen)
	}
	header := len(fmt.Sprintf("P6\n%d %d\n%d\n", width, height, depth))
	pixels := b[header:]
	if len(pixels) != 3*width*height {
		return nil, fmt.Errorf("screen dump: got %d bytes of pixels, want %d", len(pixels), 3*width*height)
	}
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		copy(img.Pix[4*i:], pixels[3*i:3*i+3])
		img.Pix[4*i+3] = 0xff
	}
	return img, nil
}
