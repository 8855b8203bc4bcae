from fenhe.app.cli import main

main()
