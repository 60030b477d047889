"""The desk: the cash box and the cheques."""
