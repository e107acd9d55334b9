"""Connections: `dial` opens them, a `Link` reads and sends, a `Pool` keeps them."""
