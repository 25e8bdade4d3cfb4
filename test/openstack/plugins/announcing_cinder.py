"""Lets Cinder send notifications.

Debian's security update of oslo.messaging strips the context of a notification; Cinder 21 cannot make one without
`read_deleted` and fails in the middle of what it announces.
"""
from cinder import context

_from_dict = context.RequestContext.from_dict.__func__
context.RequestContext.from_dict = classmethod(lambda cls, values: _from_dict(cls, {'read_deleted': 'no', **values}))
