# Parameters of the run arrive in the environment.
echo "Dear $reader, the totals are in."
