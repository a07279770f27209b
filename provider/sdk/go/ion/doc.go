// ION webhook receivers and subscriptions as Pulumi resources
package ion
