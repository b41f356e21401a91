package kmsemutest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

func TestNewStopsWithTheTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("inner", func(t *testing.T) {
		cfg := &kmsemu.Config{}
		url = kmsemutest.New(t, cfg).URL
		require.Nil(t, cfg.Logger, "the caller's Config stays as it was")
		resp, err := http.Get(url + "/_localstack/health")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
	})
	_, err := http.Get(url + "/_localstack/health")
	require.Error(t, err)
}

func TestNewTakesNoConfig(t *testing.T) {
	t.Parallel()
	require.NotNil(t, kmsemutest.New(t, nil).Server)
}

func ExampleNewClock() {
	clock := kmsemutest.NewClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	clock.Advance(90 * 24 * time.Hour)
	fmt.Println(clock.Now().Format(time.DateOnly))
	// Output: 2030-04-01
}
