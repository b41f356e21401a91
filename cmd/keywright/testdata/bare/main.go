// Command bare is the least that a server in Go is: it listens, prints its URL, finds
// nothing, and ends at an interrupt. BenchmarkServe measures the others by it.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
)

func main() {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.NotFoundHandler())
	fmt.Printf("http://%s\n", listener.Addr())
	<-interrupted
}
