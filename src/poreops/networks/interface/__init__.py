"""Networks whose pores are blocks joined by modes, with bounds on the formation factor."""
