"""What is asked of or made from a feature's attributes: one tree, read from SQL, Arcade, VBScript, Python, QGIS and SLD expressions."""
