package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// vcenter is the simulator's SOAP service with clones as a vCenter makes them.
//
// The simulator clones within the call; it ignores powerOn and the sizes of the clone, and takes a name twice. Here
// CloneVM_Task answers with a task that runs while clones are not held; the task refuses a name that its
// folder has and, in a cluster without DRS, a location without a host; it sets the sizes and powers the clone on.
type vcenter struct {
	sdk  http.Handler
	held sync.RWMutex // locked while clones are held
}

// call is one SOAP request.
type call struct {
	*http.Request
	body   []byte
	method *simulator.Method
}

func (v *vcenter) serve(w http.ResponseWriter, c *call) {
	switch request := c.method.Body.(type) {
	case *types.CloneVM_Task:
		if refusal := v.forward(c, body("CurrentTime", vim25.ServiceInstance, "")); refusal.Code != http.StatusOK {
			copyAnswer(w, refusal)
			return
		}
		task := v.clone(c, request)
		answer(w, fmt.Sprintf(`<CloneVM_TaskResponse xmlns="urn:vim25"><returnval type="Task">%s</returnval></CloneVM_TaskResponse>`, task.Value))
	case *types.RebootGuest:
		answer(w, `<RebootGuestResponse xmlns="urn:vim25"/>`)
	default:
		copyAnswer(w, v.forward(c, c.body))
	}
}

// clone starts the task. Unless clones are held, it is over when clone returns.
func (v *vcenter) clone(c *call, request *types.CloneVM_Task) types.ManagedObjectReference {
	source := simulator.Map.Get(request.This)
	task := simulator.CreateTask(source, "clone", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		v.held.RLock()
		defer v.held.RUnlock()
		folder := simulator.Map.Get(request.Folder).(*simulator.Folder)
		if other := simulator.Map.FindByName(request.Name, folder.ChildEntity); other != nil {
			return nil, &types.DuplicateName{Name: request.Name, Object: other.Reference()}
		}
		if request.Spec.Location.Host == nil && !choosesHosts(request.Spec.Location.Pool) {
			return nil, &types.InvalidArgument{InvalidProperty: "spec.location.host"}
		}
		clone, fault := result(v.forward(c, c.body))
		if fault == nil {
			fault = v.finish(c, clone, request.Spec)
		}
		return clone, fault
	})
	if v.held.TryRLock() {
		v.held.RUnlock()
		task.Run()
	} else {
		simulator.Map.Update(task, []types.PropertyChange{{Name: "info.state", Val: types.TaskInfoStateRunning}})
		go task.Run()
	}
	return task.Self
}

// choosesHosts tells whether a resource pool belongs to a single host, or to a cluster with DRS.
func choosesHosts(pool *types.ManagedObjectReference) bool {
	if pool == nil {
		return true
	}
	owner := simulator.Map.Get(*pool).(*simulator.ResourcePool).Owner
	cluster, ok := simulator.Map.Get(owner).(*simulator.ClusterComputeResource)
	return !ok || *cluster.Configuration.DrsConfig.Enabled
}

func (v *vcenter) finish(c *call, clone types.ManagedObjectReference, spec types.VirtualMachineCloneSpec) types.BaseMethodFault {
	stamp(simulator.Map.Get(clone).(*simulator.VirtualMachine), time.Now())
	if spec.Config != nil {
		sizes := fmt.Sprintf("<spec><numCPUs>%d</numCPUs><memoryMB>%d</memoryMB></spec>",
			spec.Config.NumCPUs, spec.Config.MemoryMB)
		if _, fault := result(v.forward(c, body("ReconfigVM_Task", clone, sizes))); fault != nil {
			return fault
		}
	}
	if !spec.PowerOn {
		return nil
	}
	_, fault := result(v.forward(c, body("PowerOnVM_Task", clone, "")))
	return fault
}

// forward asks the simulator in the name of the same session.
func (v *vcenter) forward(c *call, body []byte) *httptest.ResponseRecorder {
	inner := c.Clone(c.Context())
	inner.Body = io.NopCloser(bytes.NewReader(body))
	recorder := httptest.NewRecorder()
	v.sdk.ServeHTTP(recorder, inner)
	return recorder
}

// result is what a task of the simulator, which is over when it answers, has led to.
func result(recorder *httptest.ResponseRecorder) (types.ManagedObjectReference, types.BaseMethodFault) {
	var envelope struct {
		Body struct {
			Response struct {
				Task types.ManagedObjectReference `xml:"returnval"`
			} `xml:",any"`
		}
	}
	if err := xml.Unmarshal(recorder.Body.Bytes(), &envelope); err != nil || recorder.Code != http.StatusOK {
		return types.ManagedObjectReference{}, &types.InvalidRequest{}
	}
	info := simulator.Map.Get(envelope.Body.Response.Task).(*simulator.Task).Info
	if info.Error != nil {
		return types.ManagedObjectReference{}, info.Error.Fault
	}
	made, _ := info.Result.(types.ManagedObjectReference)
	return made, nil
}

// body is a SOAP request for a method of an object.
func body(method string, this types.ManagedObjectReference, parameters string) []byte {
	return []byte(fmt.Sprintf(`<?xml version="1.0"?><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>`+
		`<%s xmlns="urn:vim25"><_this type="%s">%s</_this>%s</%s></Body></Envelope>`,
		method, this.Type, this.Value, parameters, method))
}

const answerStart = `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>`
const answerEnd = `</soapenv:Body></soapenv:Envelope>`

func answer(w http.ResponseWriter, response string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = io.WriteString(w, answerStart+response+answerEnd)
}

func copyAnswer(w http.ResponseWriter, recorder *httptest.ResponseRecorder) {
	for name, values := range recorder.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes())
}

// forgetDestroyed takes destroyed templates out of the resource pools, where the simulator leaves them.
type forgetDestroyed struct{}

func (forgetDestroyed) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "Handler", Value: "forget-destroyed"}
}
func (forgetDestroyed) PutObject(mo.Reference)                            {}
func (forgetDestroyed) UpdateObject(mo.Reference, []types.PropertyChange) {}
func (forgetDestroyed) RemoveObject(ref types.ManagedObjectReference) {
	if ref.Type != "VirtualMachine" {
		return
	}
	for _, each := range simulator.Map.All("ResourcePool") {
		if pool, ok := each.(*simulator.ResourcePool); ok {
			simulator.Map.RemoveReference(pool, &pool.Vm, ref)
		}
	}
}
