"""What stands around an answer's code, tables and images. Pure."""

CODE = "Code"
COPY_CODE = "Copy code"
COPIED = "Copied"
COPY_BY_HAND = "Selected: copy it with your keyboard"
TABLE = "Table"
IMAGE = "Image"
