"""Publishing: shards chosen by rule, as a snapshot and deltas, in signed generations."""

from pocketshelf_server.publish.publisher import Published, Publisher, publish_site
from pocketshelf_server.publish.rules import Rule, parse_rule

__all__ = ["Published", "Publisher", "Rule", "parse_rule", "publish_site"]
