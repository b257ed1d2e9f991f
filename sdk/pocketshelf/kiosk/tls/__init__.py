"""TLS for phones on the shop's network: browsers give a camera to secure addresses only.

The kiosk's own screen goes on over loopback; beside it an asyncio front speaks TLS on the network and hands
the bytes to the loopback's port. The certificate is the kiosk's own: a phone asks once whether to trust it.
"""
