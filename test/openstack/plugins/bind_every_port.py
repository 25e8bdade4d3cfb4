"""An ML2 mechanism driver for a cloud without agents.

What an agent would report, that a port or a floating address works, is reported here, so that the API shows what it
shows in a cloud whose agents live.
"""
from neutron_lib import constants, context
from neutron_lib.api.definitions import portbindings
from neutron_lib.callbacks import events, registry, resources
from neutron_lib.plugins import constants as plugins, directory
from neutron_lib.plugins.ml2 import api

_OF_A_ROUTER = (constants.DEVICE_OWNER_ROUTER_INTF, constants.DEVICE_OWNER_ROUTER_GW,
                constants.DEVICE_OWNER_FLOATINGIP)


class BindEveryPort(api.MechanismDriver):

    def initialize(self):
        for event in (events.AFTER_CREATE, events.AFTER_UPDATE):
            registry.subscribe(self._floating_ip_changed, resources.FLOATING_IP, event)

    def bind_port(self, port):
        segment = port.segments_to_bind[0]
        port.set_binding(segment[api.ID], portbindings.VIF_TYPE_OVS, {},
                         status=constants.PORT_STATUS_ACTIVE)

    def create_port_postcommit(self, port):
        if port.current['device_owner'] in _OF_A_ROUTER:
            directory.get_plugin().update_port_status(
                context.get_admin_context(), port.current['id'], constants.PORT_STATUS_ACTIVE)

    def _floating_ip_changed(self, resource, event, trigger, payload):
        association = payload.states[-1]
        directory.get_plugin(plugins.L3).update_floatingip_status(
            context.get_admin_context(), payload.resource_id,
            constants.FLOATINGIP_STATUS_ACTIVE if association.get('router_id')
            else constants.FLOATINGIP_STATUS_DOWN)
