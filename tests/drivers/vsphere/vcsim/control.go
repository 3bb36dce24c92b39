package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// control is what the tests steer the vCenter by, beside the vCenter itself: every path but these is SOAP.
//
//	GET  /control/calls                       the SOAP methods called since the last time, as JSON
//	POST /control/hold, /control/release      clones go on for as long as they are held
//	POST /control/fail?method=M&fault=F       the next call of M is answered with that fault
type control struct {
	vcenter *vcenter
	mutex   sync.Mutex
	holding bool
	calls   []string
	faults  map[string]string
}

func newControl(v *vcenter) http.Handler {
	c := &control{vcenter: v, faults: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/control/calls", c.tell)
	mux.HandleFunc("/control/hold", func(http.ResponseWriter, *http.Request) { c.hold(true) })
	mux.HandleFunc("/control/release", func(http.ResponseWriter, *http.Request) { c.hold(false) })
	mux.HandleFunc("/control/fail", c.fail)
	mux.HandleFunc("/", c.soap)
	return mux
}

func (c *control) tell(w http.ResponseWriter, _ *http.Request) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	_ = json.NewEncoder(w).Encode(append([]string{}, c.calls...))
	c.calls = nil
}

func (c *control) hold(wanted bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if wanted && !c.holding {
		c.vcenter.held.Lock()
	} else if !wanted && c.holding {
		c.vcenter.held.Unlock()
	}
	c.holding = wanted
}

func (c *control) fail(_ http.ResponseWriter, r *http.Request) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.faults[r.URL.Query().Get("method")] = r.URL.Query().Get("fault")
}

func (c *control) soap(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	method, err := simulator.UnmarshalBody(types.TypeFunc(), body)
	if err != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		c.vcenter.sdk.ServeHTTP(w, r)
		return
	}
	if fault := c.note(method.Name); fault != "" {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, `%s<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>as the test asked</faultstring>`+
			`<detail><%sFault xmlns="urn:vim25" xsi:type="%s"/></detail></soapenv:Fault>%s`, answerStart, fault, fault, answerEnd)
		return
	}
	c.vcenter.serve(w, &call{r, body, method})
}

// note writes the call down and tells the fault that it is to be answered with.
func (c *control) note(method string) string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.calls = append(c.calls, method)
	fault := c.faults[method]
	delete(c.faults, method)
	return fault
}
