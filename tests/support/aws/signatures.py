"""Signatures are not what the double tests.

moto encodes a request's body anew before it checks the signature, and not as the SDK did: a filter with a space in it is
refused. Whose key it is and what that user may do are still enforced.
"""

from moto.iam.access_control import IAMRequestBase


def install():
    """Accepts every signature of a known key."""
    IAMRequestBase.check_signature = lambda self: None
