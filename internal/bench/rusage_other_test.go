//go:build !unix

package bench

// Processor time and peak memory are not measured here.
func cpuSeconds() float64 { return 0 }

func peakKiB() int { return 0 }
