"""What a hypervisor would say of a server: figures that follow from ids and the time alone.

So all runs of push-measures agree with each other, and a test can work out what a rate must be. Counters count from
the server's start and never fall; their rates swing slowly about a mean.
"""
import hashlib
import math


def readings(server_id, vcpus, ram, nics, disks, since, at):
    """{resource: {meter: value}} of that server, its interfaces and its disks at that time (in seconds)."""
    def counted(key, low, high, period):
        return round(_integral(low + (high - low) * _share(key), 2 * math.pi / period, since, at))

    figures = {server_id: {
        # ns. The swing adds half, and a server has no more than its vCPUs.
        'cpu': counted(server_id + 'cpu', 0.05e9 * vcpus, 0.6e9 * vcpus, 900),
        'vcpus': vcpus,
        'memory': ram,                                                              # MiB
        'memory.usage': round(ram * (0.2 + 0.6 * _share(server_id + 'memory') + 0.1 * math.sin(at / 300)), 2),
    }}
    for nic in nics:
        received = counted(nic, 2e3, 5e5, 600)
        figures[nic] = _traffic('network.%s.bytes', 'network.%s.packets', 700,
                                incoming=received, outgoing=received * 2 // 5)
    for disk in disks:
        written = counted(disk, 1e4, 2e6, 480)
        figures[disk] = _traffic('disk.device.%s.bytes', 'disk.device.%s.requests', 16384,
                                 read=written * 3 // 5, write=written)
    return figures


def _traffic(size, pieces, size_of_piece, **directions):
    """Bytes, and the packets or requests that they came in."""
    return {name % direction: count
            for direction, amount in directions.items()
            for name, count in ((size, amount), (pieces, amount // size_of_piece))}


def _integral(mean, frequency, since, at):
    """Of mean * (1 + sin(frequency * t) / 2), which is always above zero."""
    return mean * (at - since + (math.cos(frequency * since) - math.cos(frequency * at)) / (2 * frequency))


def _share(key):
    """From 0 to 1, always the same for the same key."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) / 0xffffffff
