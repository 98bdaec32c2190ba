"""Mapnik map documents (.xml), for operators who want the engine itself."""
