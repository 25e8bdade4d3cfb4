"""Nova's fake hypervisor, with a memory that outlives its process.

The stock one keeps its guests in a dictionary, so after a restart no server could be stopped or resumed any more.
"""
from nova import context, objects
from nova.compute import power_state, vm_states
from nova.virt import fake

_WITHOUT_GUEST = (vm_states.BUILDING, vm_states.ERROR, vm_states.DELETED, vm_states.SOFT_DELETED,
                  vm_states.SHELVED_OFFLOADED)


class RememberingFakeDriver(fake.FakeDriver):

    def init_host(self, host):
        super().init_host(host)
        for instance in objects.InstanceList.get_by_host(
                context.get_admin_context(), host, expected_attrs=['flavor']):
            if instance.vm_state not in _WITHOUT_GUEST:
                self.spawn(None, instance, None, None, None, None)
                self._set(instance, instance.power_state)

    # The stock driver leaves these guests running; libvirt reports these states.

    def suspend(self, context, instance):
        self._set(instance, power_state.SHUTDOWN)

    def resume(self, context, instance, network_info, block_device_info=None):
        self._set(instance, power_state.RUNNING)

    def pause(self, instance):
        self._set(instance, power_state.PAUSED)

    def unpause(self, instance):
        self._set(instance, power_state.RUNNING)

    def _set(self, instance, state):
        self.instances[instance.uuid].state = state
