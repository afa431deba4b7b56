"""The only room that knows web3."""
