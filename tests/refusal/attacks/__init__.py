"""Ways to get at data, each a function of a thief that returns what is worth a remark; the loot counts what it got."""
