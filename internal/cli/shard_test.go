package cli

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each module is in one shard, however many there are of either.
func TestShards(t *testing.T) {
	t.Parallel()
	modules := []string{"a", "b", "c", "d", "e"}
	for name, row := range map[string]struct {
		shards []string
		want   [][]string
	}{
		"none":        {[]string{""}, [][]string{modules}},
		"one":         {[]string{"1/1"}, [][]string{modules}},
		"two":         {[]string{"1/2", "2/2"}, [][]string{{"a", "c", "e"}, {"b", "d"}}},
		"more shards": {[]string{"1/6", "5/6", "6/6"}, [][]string{{"a"}, {"e"}, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, text := range row.shards {
				var s shard
				if text != "" {
					require.NoError(t, s.Set(text))
				}
				require.Equal(t, text, s.String())
				require.Equal(t, row.want[i], s.pick(slices.Clone(modules)))
			}
		})
	}
	for _, text := range []string{"", "2", "0/2", "3/2", "-1/2", "1/0", "a/b", "1/2/3", "1/2x", "1.5/2"} {
		t.Run("refuses "+text, func(t *testing.T) {
			t.Parallel()
			require.ErrorIs(t, new(shard).Set(text), errShard)
		})
	}
}
