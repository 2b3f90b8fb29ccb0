"""A catalog to look through: a widget with a search box, what was found, and one document with its lineage.

parts    the pieces as HTML: facets, rows, one document
widget   CatalogWidget: searches and describes; `browse.js` only shows and asks
"""
