"""What people may ask of us about their data, and how long we keep it. One registry says where it all stands."""
