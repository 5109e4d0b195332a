"""Reports: an evaluation, or several matchers side by side, as one page that needs no network.

content    what a report says, as plain values
zoo        which fingers cause the errors
gallery    the pairs that went wrong, drawn
figures    the curves, as SVG
matchers   several matchers on the same pairs
page       content to HTML
"""
