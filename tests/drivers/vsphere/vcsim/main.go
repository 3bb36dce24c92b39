// Command vcsim serves govmomi's vCenter simulator on loopback for the tests of the vSphere driver.
//
// It needs Debian's golang-github-vmware-govmomi-dev (0.24.2). What that simulator does otherwise than a
// vCenter, as far as the driver would notice, is mended in vcenter.go; what the tests steer is in control.go.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

func main() {
	model := simulator.VPX()
	listen := flag.String("listen", "127.0.0.1:0", "address to serve plain HTTP on")
	user := flag.String("user", "user", "the accepted user")
	password := flag.String("password", "pass", "the accepted password")
	version := flag.String("api-version", "6.7.3", "the version of the API to claim")
	flag.IntVar(&model.Datacenter, "datacenters", model.Datacenter, "how many datacenters")
	flag.IntVar(&model.Datastore, "datastores", model.Datastore, "how many datastores")
	flag.IntVar(&model.Machine, "machines", model.Machine, "VMs in each of a datacenter's two resource pools")
	flag.IntVar(&model.Pool, "pools", model.Pool, "how many resource pools below that of each cluster")
	flag.IntVar(&model.Pod, "pods", model.Pod, "how many datastore clusters, without datastores, in each datacenter")
	drs := flag.Bool("drs", true, "whether clusters choose hosts for VMs")
	flag.Parse()

	model.Autostart = false
	model.ServiceContent.About.ApiVersion = *version
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	defer model.Remove()
	simulator.Map.AddHandler(forgetDestroyed{})
	for _, each := range simulator.Map.All("VirtualMachine") {
		stamp(each.(*simulator.VirtualMachine), time.Now())
	}
	for _, each := range simulator.Map.All("ClusterComputeResource") {
		each.(*simulator.ClusterComputeResource).Configuration.DrsConfig.Enabled = drs
	}
	model.Service.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword(*user, *password)}
	model.Service.RegisterSDK(simulator.Map)

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(listener, newControl(&vcenter{sdk: model.Service.ServeMux}))) }()
	fmt.Println(listener.Addr())

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
}

// stamp gives a VM the date of creation, which vCenters have told since 6.7.
func stamp(vm *simulator.VirtualMachine, created time.Time) {
	simulator.Map.Update(vm, []types.PropertyChange{{Name: "config.createDate", Val: created}})
}
