"""Cinder's backend without disks: whatever is to be done is done at once, and what there is only Cinder's database knows."""
from cinder import interface
from cinder.volume import driver


@interface.volumedriver
class RememberingNothingDriver(driver.VolumeDriver):
    VERSION = '1'
    CI_WIKI_NAME = 'none'

    def check_for_setup_error(self):
        pass

    def create_volume(self, volume):
        pass

    def delete_volume(self, volume):
        pass

    def extend_volume(self, volume, new_size):
        pass

    def ensure_export(self, context, volume):
        pass

    def create_export(self, context, volume, connector):
        pass

    def remove_export(self, context, volume):
        pass

    def initialize_connection(self, volume, connector):
        return {'driver_volume_type': 'fake', 'data': {}}

    def terminate_connection(self, volume, connector, **kwargs):
        pass

    def _update_volume_stats(self):
        self._stats = {
            'volume_backend_name': 'fake', 'vendor_name': 'none', 'driver_version': self.VERSION,
            'storage_protocol': 'fake', 'total_capacity_gb': 'infinite', 'free_capacity_gb': 'infinite'}
