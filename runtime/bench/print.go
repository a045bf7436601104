package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteJSON prints every result as one object a line.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	for _, round := range r.Rounds {
		for _, x := range round.Results {
			if err := enc.Encode(x); err != nil {
				return err
			}
		}
	}
	return nil
}

// WriteText prints tables for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "level %s, %.1f MB of weights a token\n", r.Level, float64(r.WeightBytes)/1e6)
	for _, round := range r.Rounds {
		fmt.Fprintf(&b, "\nthreads %d: first token after %v, memory %.1f GB/s\n",
			round.Threads, round.FirstToken.Round(time.Millisecond), round.Bandwidth/1e9)
		fmt.Fprintf(&b, "  %-8s %10s %10s %10s  tokens/s\n", "test", "min", "median", "max")
		for _, x := range round.Results {
			fmt.Fprintf(&b, "  %-8s %10.1f %10.1f %10.1f", x.Test, x.Min, x.Median, x.Max)
			if round.Share > 0 && strings.HasPrefix(x.Test, "tg") {
				fmt.Fprintf(&b, "  %.0f%% of what memory allows", 100*round.Share)
			}
			if x.CPU > 0 {
				fmt.Fprintf(&b, "  %.1f a second of processor time", x.CPU)
			}
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
