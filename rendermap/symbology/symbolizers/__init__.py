"""Symbol layers, one file each: how every style language and Mapnik spells them."""
