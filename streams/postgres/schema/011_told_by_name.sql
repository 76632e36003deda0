-- Of which incidents somebody of the staff was told by name: what they answer by a digit is about one of these.
CREATE INDEX deliveries_told_by_name ON deliveries (recipient, created_at) WHERE recipient LIKE 'staff:%';
